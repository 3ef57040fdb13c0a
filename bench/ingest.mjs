/**
 * node bench/ingest.mjs [rounds] [rows] [directory]: what the pipeline costs beside the packed writer.
 *
 * The same batches (an int64 key, a text, a 768-dimensional float vector) go from memory to
 * durable files several ways, one after the other in every round: through PackedWriter alone, with
 * fsync; through write buffer, syncs and metadata store; and through a worker, whose log is
 * fsynced before a batch counts as accepted (with rows that are handed over, as PackedWriter has
 * them, and with rows that are copied). The latter end when all is in flushed segments and the
 * metadata is on disk. Prints medians and the share of PackedWriter's speed; asserts nothing.
 *
 * The disk is that of the project, or of `directory`: on a tmpfs, where an fsync costs nothing, the
 * figures are those of the processor alone.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { WriteBuffer } from '../dist/esm/ingest/buffer/index.js'
import { IngestWorker } from '../dist/esm/ingest/index.js'
import { PackedWriter } from '../dist/esm/packed/index.js'
import { LocalChunkManager } from '../dist/esm/storage/index.js'
import {
  CatalogMetaWriter,
  LocalAllocator,
  LocalMetaStore,
  MetaCache,
  MetaCatalog,
  SyncManager,
  SyncTask,
} from '../dist/esm/sync/index.js'
import {
  benchDirectory,
  DIM,
  MIB,
  median,
  SCHEMA,
  storedRecord,
  userBatch,
} from './ingest-data.mjs'

const ROUNDS = Number(process.argv[2] ?? 5)
const ROWS = Number(process.argv[3] ?? 100_000)
const BATCH_ROWS = 1000
const HOME = benchDirectory('ingest', process.argv[4])
const CHANNEL = 'bench'

/** Of now: rows of long ago would be synced at once. */
const hybridNow = () => BigInt(Date.now()) << 18n

const batches = Array.from({ length: ROWS / BATCH_ROWS }, (_, i) =>
  userBatch(BATCH_ROWS, i * BATCH_ROWS),
)
const records = batches.map((batch, i) => storedRecord(batch, i * BATCH_ROWS, hybridNow()))
const bytes = ROWS * (4 * DIM + 8)

async function timed(work) {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Everything in one set of column groups. */
async function writePacked(directory) {
  return timed(async () => {
    const schema = records[0].schema
    const groups = 'milvus'
    const writer = await PackedWriter.open({ schema, directory, groups, fsync: true })
    for (const record of records) await writer.write(record.toBatch())
    await writer.finish()
  })
}

/** What a worker is made of, without its log. */
async function openBuffer(directory) {
  const store = await LocalMetaStore.open(join(directory, 'meta'))
  const catalog = new MetaCatalog(store)
  const { collectionId } = await catalog.createCollection({ name: SCHEMA.name, schema: SCHEMA })
  const [{ partitionId }] = await catalog.partitions(collectionId)
  await catalog.createChannel({ channelName: CHANNEL, collectionId })
  const allocator = await LocalAllocator.open(store)
  const metaWriter = new CatalogMetaWriter(catalog)
  const metaCache = new MetaCache({ collectionId, channelName: CHANNEL, schema: SCHEMA })
  const chunkManager = new LocalChunkManager({ rootPath: join(directory, 'segments'), fsync: true })
  const syncManager = new SyncManager({ chunkManager, maxTasks: 4 })
  const buffer = new WriteBuffer({
    metaCache,
    metaWriter,
    allocator,
    syncManager,
    newTask: (facts) => new SyncTask({ ...facts, metaCache, metaWriter, allocator }),
    persistSegment: (segment, options) => catalog.addSegment(segment, options),
  })
  const close = async () => {
    await buffer.close()
    await syncManager.close()
    await allocator.close()
    await store.close()
  }
  return { buffer, partitionId, segmentId: (await allocator.allocate(1)).begin, close }
}

async function writeBuffered(directory) {
  const { buffer, partitionId, segmentId, close } = await openBuffer(directory)
  const ms = await timed(async () => {
    for (const [i, record] of records.entries()) {
      const timestamp = hybridNow()
      const position = { channelName: CHANNEL, messageId: BigInt(i + 1), timestamp }
      const inserts = [{ partitionId, segmentId, record }]
      const source = { source: 'bench', sequence: BigInt(i) }
      const positions = { startPosition: position, endPosition: position }
      buffer.bufferData({ ...source, inserts, deletes: [], ...positions })
      // The turn that files and syncs of a worker get between two messages.
      await new Promise((resolve) => setImmediate(resolve))
    }
    await buffer.flush()
  })
  await close()
  return ms
}

async function writeLogged(directory, copy) {
  const worker = await IngestWorker.open({ directory, schema: SCHEMA })
  const ms = await timed(async () => {
    const writes = batches.map((rows, sequence) =>
      worker.write({ source: 'bench', sequence, rows, copy }),
    )
    await Promise.all(writes)
    await worker.flush()
  })
  await worker.close()
  return ms
}

const WAYS = new Map([
  ['PackedWriter alone', writePacked],
  ['pipeline without log', writeBuffered],
  ['worker with log', (directory) => writeLogged(directory, false)],
  ['worker, rows copied', (directory) => writeLogged(directory, true)],
])

const times = new Map([...WAYS.keys()].map((name) => [name, []]))
try {
  for (let round = -1; round < ROUNDS; round++) {
    for (const [name, write] of WAYS) {
      const directory = join(HOME, 'round')
      const ms = await write(directory)
      // The first round warms up.
      if (round >= 0) times.get(name).push(ms)
      rmSync(directory, { recursive: true, force: true })
    }
  }
  console.log(
    `${ROWS} rows in batches of ${BATCH_ROWS}, dim ${DIM}, ${(bytes / MIB).toFixed(0)} MiB; ` +
      `everything fsynced; medians of ${ROUNDS} rounds`,
  )
  const alone = times.get('PackedWriter alone')
  for (const [name, values] of times) {
    const ms = median(values)
    // Within a round, as the disk's mood changes from one to the next.
    const share = 100 * median(values.map((value, round) => alone[round] / value))
    const speed = ((bytes / MIB / ms) * 1000).toFixed(0).padStart(6)
    console.log(
      `${name.padEnd(24)} ${ms.toFixed(0).padStart(6)} ms ${speed} MiB/s ` +
        `${share.toFixed(0).padStart(4)} % of PackedWriter`,
    )
  }
} finally {
  rmSync(HOME, { recursive: true, force: true })
}
