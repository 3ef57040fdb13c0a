/** Any messages, appended in any way, come back as they were. */
import { join } from 'node:path'
import fc from 'fast-check'
import type { Message } from '../lib/ingest/index.js'
import { SegmentedLog } from '../lib/ingest/log/index.js'
import type { ChannelPosition } from '../lib/sync/index.js'
import { collectLog, logMessage, logOptions, plainMessage } from './support/logs.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('log-property')

const shapes = fc.record({
  groups: fc.nat(3),
  rows: fc.nat(40),
  vectorBytes: fc.constantFrom(1, 7, 64, 2048),
  deletes: fc.nat(20),
  keys: fc.constantFrom('int64', 'text', 'none'),
})

/** How messages are appended: at once, one by one, or after the log was opened again. */
const rounds = fc.array(
  fc.record({
    messages: fc.array(shapes, { maxLength: 6 }),
    together: fc.boolean(),
    reopen: fc.boolean(),
    acknowledged: fc.nat(30),
  }),
  { minLength: 1, maxLength: 5 },
)

test('whatever is appended is what is read behind every position that is kept', async () => {
  let runs = 0
  const modes = fc.constantFrom('always', 'interval', 'never')
  await fc.assert(
    fc.asyncProperty(rounds, modes, async (steps, fsync) => {
      const home = join(directory, String(runs++))
      const options = logOptions(home, { fsync, segmentBytes: 64 << 10 })
      const accepted: { message: Message; position: ChannelPosition }[] = []
      let log = await SegmentedLog.open(options)
      let acknowledged: ChannelPosition | undefined
      for (const { messages, together, reopen, acknowledged: most } of steps) {
        const built = messages.map((shape, i) => logMessage(accepted.length + i, shape))
        const appended: Promise<ChannelPosition>[] = []
        for (const message of built) {
          const position = log.append(message)
          appended.push(position)
          if (!together) await position
        }
        const positions = await Promise.all(appended)
        accepted.push(...built.map((message, i) => ({ message, position: positions[i]! })))
        const found = accepted[Math.min(most, accepted.length - 1)]?.position
        if (found !== undefined && found.messageId > (acknowledged?.messageId ?? 0n)) {
          acknowledged = found
          await log.acknowledge(found)
        }
        if (!reopen) continue
        await log.close()
        log = await SegmentedLog.open(options)
      }
      const kept = accepted.filter(
        ({ position }) => position.messageId > (acknowledged?.messageId ?? 0n),
      )
      const expected = kept.map(({ message, position }) => ({
        id: position.messageId,
        message: plainMessage(message),
      }))
      expect(await collectLog(log, acknowledged)).toEqual(expected)
      await log.close()
    }),
    { numRuns: 25 },
  )
})
