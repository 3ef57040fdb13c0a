/** Packs of StorageV3 whose writing meets conflicts, failures and an end. */
import { writeDeleteLog } from '../lib/binlog/index.js'
import { PackedError } from '../lib/errors/index.js'
import { ManifestStore, ManifestTransaction } from '../lib/manifest/index.js'
import type { ChunkWriteOptions } from '../lib/storage/index.js'
import { BulkPackWriterV3 } from '../lib/sync/index.js'
import { rejection } from './support/rejection.js'
import { deletes, IDS, twoChunks } from './support/segments.js'
import { bare, CountingAllocator, failingWrites, keysOf } from './support/sync.js'
import { freshTrees } from './support/trees.js'
import {
  BASE,
  BLOOM,
  beforeWriting,
  filesIn,
  firstSync,
  GROUPS,
  idsIn,
  METADATA,
  manifestOf,
  namedBy,
  someBooks,
  targetAt,
  versionOf,
  write,
} from './support/v3-packs.js'

const { local } = freshTrees('pack-writer-v3-attempts')

const conflict = () => new PackedError('Conflict', 'somebody else')

describe('an attempt', () => {
  test('that meets a passing conflict is done again from the first manifest (case 37)', async () => {
    const calm = local()
    const chunks = local()
    const [first, other] = [await firstSync(calm), await firstSync(chunks)]
    const pack = () =>
      bare()
        .withInsertData(someBooks(6))
        .withDeleteData(deletes([1n, 60n]))
    const expected = await write(pack(), calm, { manifestPath: first.manifestPath })

    const failing = failingWrites(chunks, [conflict()], METADATA)
    const writer = new BulkPackWriterV3(targetAt(failing, { manifestPath: other.manifestPath }))
    const before = (await manifestOf(chunks, other)).stats[BLOOM]!.paths
    const logs = await writer.write(pack(), GROUPS)
    expect(versionOf(logs)).toBe(2)
    expect(logs.sizeBytes).toBe(expected.sizeBytes)
    const manifest = await manifestOf(chunks, logs)
    const { paths } = manifest.stats[BLOOM]!
    expect(paths).toEqual([...before, expect.any(String)])
    expect(new Set(paths).size).toBe(2)
    expect(manifest.deltaLogs).toHaveLength(1)
    expect(await idsIn(chunks, logs)).toEqual([2n, 3n, 4n, 5n, 6n])
    expect(namedBy(manifest)).toEqual(await filesIn(chunks))
    expect(writer.orphans).toEqual([])
  })

  test('that somebody commits in between of loses nothing of theirs (case 37)', async () => {
    const chunks = local()
    const first = await firstSync(chunks)
    const log = { ...IDS, logId: 9n }
    await writeDeleteLog(chunks, 'deletes', deletes([3n, 99n]), log)
    let others = 0
    const busy = beforeWriting(chunks, METADATA, async () => {
      others += 1
      if (others > 1) return
      const theirs = await ManifestTransaction.open({ chunkManager: chunks, basePath: BASE })
      theirs.addDeltaLog({ path: 'deletes', type: 'primaryKey', numEntries: 1 })
      theirs.updateStatistics('text_index.103', { paths: ['a/text'], metadata: {} })
      await theirs.commit()
    })
    const pack = bare().withInsertData(someBooks(6))
    const logs = await write(pack, busy, { manifestPath: first.manifestPath })
    expect(others).toBeGreaterThan(1)
    expect(versionOf(logs)).toBe(3)
    expect(await idsIn(chunks, logs)).toEqual([1n, 2n, 4n, 5n, 6n])
    const manifest = await manifestOf(chunks, logs)
    expect(manifest.stats['text_index.103']?.paths).toEqual(['a/text'])
    expect(manifest.stats[BLOOM]?.paths).toHaveLength(2)
  })

  test.each([
    ['PermissionDenied', METADATA],
    ['MetadataCorrupted', METADATA],
    ['PermissionDenied', `${BASE}/_stats/`],
    ['Encryption', `${BASE}/_stats/`],
    ['Internal', `${BASE}/_stats/`],
  ] as const)(
    'that fails for good (%s below %s) is the only one (case 37)',
    async (code, prefix) => {
      const chunks = local()
      const first = await firstSync(chunks)
      const before = await keysOf(chunks)
      const allocator = new CountingAllocator()
      const failing = failingWrites(chunks, [new PackedError(code, 'no')], prefix)
      const pack = bare().withInsertData(someBooks(6))
      const { manifestPath } = first
      const error = await rejection(() => write(pack, failing, { allocator, manifestPath }))
      expect(error).toMatchObject({ code, message: 'no' })
      expect(allocator.calls).toEqual([1])
      expect(await keysOf(chunks)).toEqual(before)
      expect(pack.insertData).toHaveLength(1)
    },
  )

  test('whose commit failed in the end leaves the manifest as it was', async () => {
    const chunks = local()
    const first = await firstSync(chunks)
    const failures = Array.from({ length: 3 }, conflict)
    const failing = failingWrites(chunks, failures, METADATA)
    const pack = bare().withInsertData(someBooks(6))
    const { manifestPath } = first
    const error = await rejection(() => write(pack, failing, { manifestPath }))
    expect(error.code).toBe('Conflict')
    expect(failures).toEqual([])
    expect(await new ManifestStore(chunks, BASE).versions()).toEqual([1])
    expect(namedBy(await manifestOf(chunks, first))).toEqual(await filesIn(chunks))
  })

  test('whose answer was lost counts once', async () => {
    const chunks = local()
    const first = await firstSync(chunks)
    let lost = false
    const forgetful = new Proxy(chunks, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        if (name !== 'write') return value.bind(target)
        return async (path: string, content: Uint8Array, options?: ChunkWriteOptions) => {
          await target.write(path, content, options)
          if (!path.startsWith(METADATA) || lost) return
          lost = true
          throw new PackedError('Network', 'reset by peer')
        }
      },
    })
    const { manifestPath } = first
    const logs = await write(bare().withInsertData(someBooks(6)), forgetful, { manifestPath })
    expect([lost, versionOf(logs)]).toEqual([true, 2])
    expect(await idsIn(chunks, logs)).toEqual([1n, 2n, 3n, 4n, 5n, 6n])
  })

  test('that was aborted leaves nothing', async () => {
    const chunks = local()
    const controller = new AbortController()
    const reason = new Error('enough')
    const stopped = beforeWriting(chunks, `${BASE}/_stats/`, async () => controller.abort(reason))
    const writer = new BulkPackWriterV3(targetAt(stopped))
    const work = writer.write(bare().withInsertData(twoChunks()), GROUPS, controller.signal)
    await expect(work).rejects.toBe(reason)
    expect(await keysOf(chunks)).toEqual([])
  })

  test('whose files cannot be removed names them', async () => {
    const chunks = local()
    const failing = failingWrites(chunks, [new PackedError('PermissionDenied', 'no')], METADATA)
    failing.multiRemove = () => Promise.reject(new PackedError('Network', 'reset by peer'))
    const writer = new BulkPackWriterV3(targetAt(failing))
    await rejection(() => writer.write(bare().withInsertData(twoChunks()), GROUPS))
    expect([...writer.orphans].sort()).toEqual(await filesIn(chunks))
    expect(writer.orphans).toHaveLength(4)
  })
})
