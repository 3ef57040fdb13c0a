/** A process killed in the middle of an upload: another one goes on with what the store has. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  openObjectStore,
  resumeUploads,
  type StorageConfig,
  storageMetrics,
} from '../../lib/index.js'
import { startScript } from '../support/child.js'
import { describeWithServers, startVersitygw, storageAt } from '../support/object-servers.js'
import { openUploadsAt } from '../support/remote-writing.js'
import { temporaryDirectory } from '../support/temporary.js'

const MIB = 1 << 20
const FILE_MIB = 1024
const PART_BYTES = 8 * MIB
const KEY = 'killed/large'

const directory = temporaryDirectory('upload-kill')

async function partsAt(storage: StorageConfig): Promise<number> {
  const store = await openObjectStore(storage)
  const [upload] = await openUploadsAt(storage, KEY)
  let parts = 0
  if (upload === undefined) return parts
  for await (const _ of store.listParts(KEY, upload)) parts += 1
  return parts
}

async function digestOf(content: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of content) hash.update(chunk)
  return hash.digest('hex')
}

/** Upload in a child until the store has `least` parts, then kill it. */
async function killWhileUploading(
  storage: StorageConfig,
  spool: string,
  least: number,
): Promise<void> {
  const args = [JSON.stringify(storage), spool, String(FILE_MIB)]
  const child = startScript('upload-until-killed.cjs', args)
  const ended = once(child, 'close')
  await Promise.race([once(child.stdout!, 'data'), ended])
  while (child.exitCode === null && (await partsAt(storage)) < least) await sleep(20)
  child.kill('SIGKILL')
  expect((await ended)[1]).toBe('SIGKILL')
}

function figuresOf({ address, bucketName }: StorageConfig): { parts: number; bytes: number } {
  const found = storageMetrics().find(({ filesystem }) => filesystem === `${address}/${bucketName}`)
  return { parts: found?.parts ?? 0, bytes: found?.bytesWritten ?? 0 }
}

describeWithServers('an upload of 1 GiB', () => {
  test('is killed in the middle and goes on: it sends no part again that the store has', async () => {
    const server = await startVersitygw(join(directory, 'server'))
    const spool = join(directory, 'spool')
    const storage = storageAt(server.port, { rootPath: 'killed', multipartPartBytes: PART_BYTES })
    try {
      const total = Math.ceil((FILE_MIB * MIB) / PART_BYTES) + 1
      await killWhileUploading(storage, spool, total / 3)
      const store = await openObjectStore(storage)
      await expect(store.head(KEY)).rejects.toMatchObject({ code: 'NotFound' })
      const [set] = readdirSync(spool).filter((name) => name.startsWith('.upload-'))
      const local = await digestOf(createReadStream(join(spool, set!, '0')))

      const kept = await partsAt(storage)
      expect(kept).toBeGreaterThanOrEqual(total / 3)
      expect(kept).toBeLessThan(total)
      const before = figuresOf(storage)
      const last = { sizeBytes: 0, sentBytes: 0, keptBytes: 0 }
      const resumed = await resumeUploads({
        spool,
        storage,
        onProgress: ({ sizeBytes, sentBytes, keptBytes }) =>
          Object.assign(last, { sizeBytes, sentBytes, keptBytes }),
      })
      expect(resumed).toEqual({ published: ['large'], removed: [], failed: [] })
      const after = figuresOf(storage)
      expect(after.parts - before.parts).toBe(total - kept)
      expect(last.keptBytes + last.sentBytes).toBe(last.sizeBytes)
      expect(after.bytes - before.bytes).toBe(last.sentBytes)
      expect(last.sizeBytes).toBeGreaterThan(FILE_MIB * MIB)

      expect(await digestOf(store.stream(KEY))).toBe(local)
      expect(await openUploadsAt(storage, KEY)).toEqual([])
      expect(readdirSync(spool)).toEqual([])
    } finally {
      await server.stop()
    }
  }, 240_000)
})
