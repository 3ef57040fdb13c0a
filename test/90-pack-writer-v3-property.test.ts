/**
 * Syncs of one segment, some of which nobody saves, and others who commit to its manifest in
 * between: the version that is saved in the end has every row once, and loses no delete.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { parseManifestPath, writeDeleteLog } from '../lib/binlog/index.js'
import { ManifestStore, ManifestTransaction } from '../lib/manifest/index.js'
import { splitByDefaultPolicies, withSystemFields } from '../lib/schema/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { BulkPackWriterV3 } from '../lib/sync/index.js'
import { BOOKS, book, chunk, columnOf, deletes, IDS } from './support/segments.js'
import { bare, CountingAllocator, targetAt } from './support/sync.js'
import { temporaryDirectory } from './support/temporary.js'

const SEED = Number(process.env.ARROW_PACKED_SEED ?? 20260222)
const RUNS = process.env.ARROW_PACKED_LONG === '1' ? 500 : 40
const directory = temporaryDirectory('pack-writer-v3-property')
const BASE = 'insert_log/1/2/3'
const GROUPS = splitByDefaultPolicies(withSystemFields(BOOKS))
let trees = 0

/** `saved`: whether the metadata of a sync is; what is not comes again with the next one. */
const step = fc.oneof(
  fc.record({ kind: fc.constant('sync' as const), rows: fc.nat(3), saved: fc.boolean() }),
  fc.record({ kind: fc.constant('delete' as const), key: fc.integer({ min: 1, max: 12 }) }),
  fc.record({ kind: fc.constant('statistics' as const), field: fc.nat(2) }),
)

class Segment {
  readonly chunkManager = new LocalChunkManager({ rootPath: join(directory, String(trees++)) })
  readonly #allocator = new CountingAllocator()
  manifestPath = ''
  /** Keys in the saved version, and those that wait to be saved. */
  readonly #saved: number[] = []
  #waiting: number[] = []
  #nextKey = 1
  /** What others committed; a saved version has all of it. */
  readonly #others = { deletes: new Set<number>(), statistics: new Set<string>() }

  async sync(rows: number, saved: boolean): Promise<void> {
    for (let row = 0; row < rows; row++) this.#waiting.push(this.#nextKey++)
    if (this.#waiting.length === 0) return
    const data = [
      chunk(
        BOOKS,
        this.#waiting.map((key) => book(key, key)),
      ),
    ]
    const target = targetAt(this.chunkManager, {
      allocator: this.#allocator,
      manifestPath: this.manifestPath,
    })
    const logs = await new BulkPackWriterV3(target).write(bare().withInsertData(data), GROUPS)
    if (!saved) return
    this.manifestPath = logs.manifestPath!
    this.#saved.push(...this.#waiting)
    this.#waiting = []
    await this.#check()
  }

  async delete(key: number): Promise<void> {
    const [logId] = await this.#ids(1)
    const path = `${BASE}/_delta/${logId}`
    const log = { ...IDS, logId: logId! }
    await writeDeleteLog(this.chunkManager, path, deletes([BigInt(key), 999]), log)
    await this.#commit((transaction) =>
      transaction.addDeltaLog({ path, type: 'primaryKey', numEntries: 1 }),
    )
    this.#others.deletes.add(key)
  }

  async statistics(key: string): Promise<void> {
    await this.#commit((transaction) =>
      transaction.updateStatistics(key, { paths: ['a/b'], metadata: {} }),
    )
    this.#others.statistics.add(key)
  }

  async #commit(change: (transaction: ManifestTransaction) => unknown): Promise<void> {
    const { chunkManager } = this
    const transaction = await ManifestTransaction.open({ chunkManager, basePath: BASE })
    change(transaction)
    await transaction.commit()
  }

  async #check(): Promise<void> {
    const { chunkManager, manifestPath } = this
    const source = { schema: BOOKS, chunkManager, manifestPath }
    const visible = this.#saved.filter((key) => !this.#others.deletes.has(key))
    expect((await columnOf('id', source)).map(Number)).toEqual(visible)
    const all = await columnOf('id', { ...source, manifestDeletes: false })
    expect(all.map(Number)).toEqual(this.#saved)
    const { version } = parseManifestPath(manifestPath)!
    const { stats } = await new ManifestStore(chunkManager, BASE).read(version)
    expect(Object.keys(stats)).toEqual(expect.arrayContaining([...this.#others.statistics]))
    const { paths } = stats['bloom_filter.100']!
    expect(new Set(paths).size).toBe(paths.length)
  }

  async #ids(count: number): Promise<bigint[]> {
    const { begin } = await this.#allocator.allocate(count)
    return [begin]
  }
}

test('rows of saved syncs once, deletes and statistics of others all', async () => {
  const property = fc.asyncProperty(
    fc.array(step, { minLength: 2, maxLength: 10 }),
    async (steps) => {
      const segment = new Segment()
      for (const given of steps) {
        if (given.kind === 'sync') await segment.sync(given.rows, given.saved)
        else if (given.kind === 'delete') await segment.delete(given.key)
        else await segment.statistics(`text_index.${given.field}`)
      }
      await segment.sync(1, true)
    },
  )
  await fc.assert(property, { numRuns: RUNS, seed: SEED })
}, 300_000)
