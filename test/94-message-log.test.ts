/** The segmented log: what was accepted is read back, in order, over restarts. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { SegmentedLog } from '../lib/ingest/log/index.js'
import { collectLog, LOG_CHANNEL, logMessage, logOptions, plainMessage } from './support/logs.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const MIB = 1 << 20
const directory = temporaryDirectory('log')
const at = (name: string): string => join(directory, name)

const idsOf = (found: { id: bigint }[]): bigint[] => found.map(({ id }) => id)

describe('messages', () => {
  test('come back as they were, with positions in call order, from a second log, too', async () => {
    const log = await SegmentedLog.open(logOptions(at('plain')))
    const messages = Array.from({ length: 20 }, (_, number) => logMessage(number))
    const positions = await Promise.all(messages.map((message) => log.append(message)))
    expect(positions).toEqual(
      messages.map(({ timestamp }, index) => ({
        channelName: LOG_CHANNEL,
        messageId: BigInt(index + 1),
        timestamp,
      })),
    )
    const expected = messages.map((message, index) => ({
      id: BigInt(index + 1),
      message: plainMessage(message),
    }))
    expect(await collectLog(log)).toEqual(expected)
    await log.close()
    const again = await SegmentedLog.open(logOptions(at('plain')))
    expect(again.recovered).toEqual({ tornBytes: 0, tornFile: undefined, lastMessageId: 20n })
    expect(await collectLog(again)).toEqual(expected)
    expect(await collectLog(again, positions[16])).toEqual(expected.slice(17))
    expect(await collectLog(again, positions[19])).toEqual([])
    expect((await again.append(logMessage(20))).messageId).toBe(21n)
    await again.close()
  })

  test('without groups, of zero rows, of zero deletes and of text keys come back', async () => {
    const log = await SegmentedLog.open(logOptions(at('empty')))
    const messages = [
      logMessage(0, { groups: 0, deletes: 0 }),
      logMessage(1, { rows: 0, deletes: 1, keys: 'none' }),
      logMessage(2, { rows: 3, deletes: 40, keys: 'text' }),
    ]
    for (const message of messages) await log.append(message)
    const found = await collectLog(log)
    expect(found.map(({ message }) => message)).toEqual(messages.map(plainMessage))
    expect(found[1]!.message.inserts[0]!.columns.title).toEqual([])
    await log.close()
  })

  test('of 100 MiB are written and read while the event loop turns', async () => {
    const log = await SegmentedLog.open(logOptions(at('large'), { fsync: 'never' }))
    const large = logMessage(0, { rows: 100, vectorBytes: MIB })
    let turns = 0
    const timer = setInterval(() => {
      turns += 1
    }, 1)
    await log.append(large)
    await log.append(logMessage(1))
    const ids: bigint[] = []
    for await (const { message, position } of log.seek(undefined)) {
      ids.push(position.messageId)
      if (position.messageId > 1n) continue
      const { record } = message.inserts[0]!
      const column = record.column(101n)!
      expect(Buffer.compare(column.values, large.inserts[0]!.record.column(101n)!.values)).toBe(0)
    }
    clearInterval(timer)
    expect(ids).toEqual([1n, 2n])
    expect(turns).toBeGreaterThan(10)
    await log.close()
  })

  test('hold no memory but their own: the window of small ones is not kept', async () => {
    const log = await SegmentedLog.open(logOptions(at('memory'), { fsync: 'never' }))
    for (let number = 0; number < 50; number++) await log.append(logMessage(number, { rows: 2 }))
    for await (const { message } of log.seek(undefined)) {
      const { values } = message.inserts[0]!.record.column(100n)!
      expect(values.buffer.byteLength).toBeLessThan(16 << 10)
    }
    await log.close()
  })

  test('more than one reader asks for are refused once each', async () => {
    const log = await SegmentedLog.open(logOptions(at('options')))
    const other = { channelName: 'other', messageId: 1n, timestamp: 1n }
    const error = await rejection(() => log.durable(other))
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toContain('"other"')
    const ahead = { channelName: LOG_CHANNEL, messageId: 9n, timestamp: 1n }
    expect((await rejection(() => log.durable(ahead))).message).toContain('up to 0 but received 9')
    await log.close()
    const misspelled = { ...logOptions(at('options')), fsyncc: 'always' }
    expect((await rejection(() => SegmentedLog.open(misspelled))).message).toContain('"fsync"?')
    const foreign = { ...logOptions(at('options')), channelName: 'other' }
    expect((await rejection(() => SegmentedLog.open(foreign))).code).toBe('Conflict')
  })
})

describe('group commit', () => {
  test('shares one fdatasync between the appends that come while the disk works', async () => {
    const syncs: number[] = []
    const meter = {
      add: () => {},
      observe: () => () => {},
      record: (name: string, value: number) => {
        if (name === 'log.sync') syncs.push(value)
      },
    }
    const log = await SegmentedLog.open({ ...logOptions(at('group')), meter })
    await Promise.all(Array.from({ length: 200 }, (_, number) => log.append(logMessage(number))))
    expect(syncs.length).toBeGreaterThan(0)
    expect(syncs.length).toBeLessThan(100)
    expect(idsOf(await collectLog(log))).toHaveLength(200)
    await log.close()
  })

  test.each(['interval', 'never'] as const)(
    '%s: durable forces what is asked for',
    async (fsync) => {
      let syncs = 0
      const meter = {
        add: () => {},
        observe: () => () => {},
        record: (name: string) => {
          if (name === 'log.sync') syncs += 1
        },
      }
      const options = logOptions(at(`durable-${fsync}`), { fsync, fsyncIntervalMs: 3_600_000 })
      const log = await SegmentedLog.open({ ...options, meter })
      const first = await log.append(logMessage(0))
      const second = await log.append(logMessage(1))
      expect(syncs).toBe(0)
      await Promise.all([log.durable(second), log.durable(first)])
      await log.durable(first)
      expect(syncs).toBe(1)
      await log.close()
    },
  )

  test('interval forces by itself, and what close leaves', async () => {
    let synced = (): void => {}
    const first = new Promise<void>((resolve) => {
      synced = resolve
    })
    const meter = {
      add: () => {},
      observe: () => () => {},
      record: (name: string) => name === 'log.sync' && synced(),
    }
    const options = logOptions(at('interval'), { fsync: 'interval', fsyncIntervalMs: 5 })
    const log = await SegmentedLog.open({ ...options, meter })
    await log.append(logMessage(0))
    const alive = setTimeout(() => {}, 10_000)
    await first
    clearTimeout(alive)
    await log.close()
  })
})

describe('files', () => {
  async function filled(name: string, messages: number): Promise<SegmentedLog> {
    const log = await SegmentedLog.open(logOptions(at(name), { segmentBytes: 64 << 10 }))
    for (let number = 0; number < messages; number++) {
      await log.append(logMessage(number, { rows: 5, vectorBytes: 4096 }))
    }
    return log
  }

  test('are begun when one is full, called after their first messages', async () => {
    const log = await filled('rotated', 30)
    const names = readdirSync(at('rotated')).sort()
    expect(names.length).toBeGreaterThan(5)
    expect(names[0]).toBe('0000000000000000001.log')
    const sizes = names.map((name) => statSync(join(at('rotated'), name)).size)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(64 << 10)
    expect(log.sizeBytes).toBe(sizes.reduce((sum, size) => sum + size, 0))
    expect(idsOf(await collectLog(log))).toEqual(
      Array.from({ length: 30 }, (_, i) => BigInt(i + 1)),
    )
    await log.close()
  })

  test('go when all their messages are acknowledged, but for the one that is written', async () => {
    const log = await filled('acknowledged', 30)
    const before = readdirSync(at('acknowledged')).sort()
    const position = { channelName: LOG_CHANNEL, messageId: 10n, timestamp: 0n }
    await Promise.all([log.acknowledge(position), log.acknowledge(position)])
    const after = readdirSync(at('acknowledged')).sort()
    expect(after.length).toBeLessThan(before.length)
    expect(after).toEqual(before.slice(before.length - after.length))
    expect(idsOf(await collectLog(log, position))[0]).toBe(11n)
    const early = { ...position, messageId: 2n }
    expect((await rejection(() => collectLog(log, early))).code).toBe('NotFound')
    await log.acknowledge({ ...position, messageId: 30n })
    expect(readdirSync(at('acknowledged'))).toEqual(before.slice(-1))
    await log.close()
    const again = await SegmentedLog.open(logOptions(at('acknowledged')))
    expect(again.recovered.lastMessageId).toBe(30n)
    expect((await again.append(logMessage(30))).messageId).toBe(31n)
    await again.close()
  })

  test('that somebody reads are kept until then', async () => {
    const log = await filled('read', 30)
    const before = readdirSync(at('read')).length
    const reading = log.seek(undefined)
    expect((await reading.next()).value!.position.messageId).toBe(1n)
    await log.acknowledge({ channelName: LOG_CHANNEL, messageId: 30n, timestamp: 0n })
    expect(readdirSync(at('read'))).toHaveLength(before)
    const rest: bigint[] = []
    for await (const { position } of reading) rest.push(position.messageId)
    expect(rest).toEqual(Array.from({ length: 29 }, (_, i) => BigInt(i + 2)))
    expect(readdirSync(at('read'))).toHaveLength(1)
    await log.close()
  })

  test('a reader ends at what was accepted when it began', async () => {
    const log = await filled('ends', 3)
    const reading = log.seek(undefined)
    await reading.next()
    await log.append(logMessage(3))
    const rest: bigint[] = []
    for await (const { position } of reading) rest.push(position.messageId)
    expect(rest).toEqual([2n, 3n])
    await log.close()
  })

  test('begin above the highest position that anybody knows', async () => {
    const log = await SegmentedLog.open(logOptions(at('after'), { after: 41n }))
    expect(log.recovered.lastMessageId).toBe(0n)
    expect((await log.append(logMessage(0))).messageId).toBe(42n)
    await log.close()
    const later = await SegmentedLog.open(logOptions(at('after'), { after: 99n }))
    expect(later.recovered.lastMessageId).toBe(42n)
    expect((await later.append(logMessage(1))).messageId).toBe(100n)
    expect(idsOf(await collectLog(later))).toEqual([42n, 100n])
    await later.close()
    const last = await SegmentedLog.open(logOptions(at('after'), { after: 50n }))
    expect(idsOf(await collectLog(last))).toEqual([42n, 100n])
    expect((await last.append(logMessage(2))).messageId).toBe(101n)
    await last.close()
  })

  test('of other names are nobody’s business', async () => {
    const log = await filled('foreign', 1)
    await log.close()
    const note = await open(join(at('foreign'), 'notes.log'), 'w')
    await note.writeFile('no log')
    await note.close()
    const again = await SegmentedLog.open(logOptions(at('foreign')))
    expect(idsOf(await collectLog(again))).toEqual([1n])
    await again.close()
    expect(readFileSync(join(at('foreign'), 'notes.log'), 'utf8')).toBe('no log')
  })
})

describe('ends', () => {
  test('close waits for appends, may be called twice, and refuses what comes later', async () => {
    const log = await SegmentedLog.open(logOptions(at('closed')))
    const appended = Promise.all([log.append(logMessage(0)), log.append(logMessage(1))])
    const closed = log.close()
    expect(log.close()).toBe(closed)
    await closed
    const [first] = await appended
    for (const late of [
      () => log.append(logMessage(2)),
      () => log.durable(first!),
      () => log.acknowledge(first!),
      () => collectLog(log),
    ]) {
      expect((await rejection(late)).code).toBe('Closed')
    }
    const again = await SegmentedLog.open(logOptions(at('closed')))
    expect(again.recovered.lastMessageId).toBe(2n)
    await again.close()
  })

  test('an abort takes a waiting message back; others keep their order', async () => {
    const log = await SegmentedLog.open(logOptions(at('aborted')))
    const reason = new Error('enough')
    const aborted = AbortSignal.abort(reason)
    await expect(log.append(logMessage(0), { signal: aborted })).rejects.toBe(reason)
    const controller = new AbortController()
    const first = log.append(logMessage(1))
    const second = log.append(logMessage(2), { signal: controller.signal })
    const third = log.append(logMessage(3))
    controller.abort(reason)
    await expect(second).rejects.toBe(reason)
    expect((await Promise.all([first, third])).map(({ messageId }) => messageId)).toEqual([1n, 2n])
    const sequences = (await collectLog(log)).map(({ message }) => message.sequence)
    expect(sequences).toEqual([1n, 3n])
    await expect(collectLog(log, undefined, aborted)).rejects.toBe(reason)
    await log.close()
  })
})
