/** A metadata store with segments and deletes to compact, and what readers see of them. */
import { join } from 'node:path'
import { buildDeltaLogPath, type FieldBinlog, writeDeleteLog } from '../../lib/binlog/index.js'
import type { StorageConfig } from '../../lib/config/index.js'
import { type DeleteData, type InsertData, rowsOf } from '../../lib/data/index.js'
import { ManifestStore, verifyManifest } from '../../lib/manifest/index.js'
import { type CollectionSchema, primaryKeyField, withSystemFields } from '../../lib/schema/index.js'
import {
  listsOfManifest,
  locateSegment,
  manifestOfSegment,
  SegmentReader,
  verifySegment,
  type WriteSegmentOptions,
  writeSegment,
} from '../../lib/segment/index.js'
import { type ChunkManager, openChunkManager } from '../../lib/storage/index.js'
import {
  type CompactSegmentsOptions,
  compactSegments,
  LocalMetaStore,
  MetaCatalog,
  type SegmentMeta,
} from '../../lib/sync/index.js'
import type { Row } from './every-type.js'
import { BOOKS } from './segments.js'

export const CHANNEL = 'compaction-channel'

export const position = (messageId: number) => ({
  channelName: CHANNEL,
  messageId: BigInt(messageId),
  timestamp: BigInt(messageId),
})

type Given = Partial<SegmentMeta> &
  Pick<WriteSegmentOptions, 'deletes' | 'quantized'> & { storageVersion?: 0 | 2 }

export class CompactionPlace {
  readonly catalog: MetaCatalog
  #ids = 1000n

  private constructor(
    readonly directory: string,
    readonly store: LocalMetaStore,
    readonly schema: CollectionSchema,
    readonly collectionId: bigint,
    readonly partitionId: bigint,
    readonly chunkManager: ChunkManager,
  ) {
    this.catalog = new MetaCatalog(store)
  }

  /** A collection with one partition and a channel. */
  static async open(
    directory: string,
    schema = BOOKS,
    storage: StorageConfig = { storageType: 'local', rootPath: join(directory, 'segments') },
  ): Promise<CompactionPlace> {
    const store = await LocalMetaStore.open(join(directory, 'meta'))
    const catalog = new MetaCatalog(store)
    const { collectionId } = await catalog.createCollection({ name: schema.name, schema })
    const [partition] = await catalog.partitions(collectionId)
    await catalog.createChannel({ channelName: CHANNEL, collectionId })
    const { partitionId } = partition!
    const chunkManager = await openChunkManager(storage)
    return new CompactionPlace(directory, store, schema, collectionId, partitionId, chunkManager)
  }

  close(): Promise<void> {
    return this.store.close()
  }

  /** The same with a store that is opened anew, as another process finds it; this one is closed. */
  async reopened(): Promise<CompactionPlace> {
    await this.close()
    const { directory, schema, collectionId, partitionId, chunkManager } = this
    const store = await LocalMetaStore.open(join(directory, 'meta'))
    const place = new CompactionPlace(
      directory,
      store,
      schema,
      collectionId,
      partitionId,
      chunkManager,
    )
    place.#ids = this.#ids
    return place
  }

  /** A flushed segment with rows, and deletes of its own. */
  async addRows(data: InsertData[], given: Given = {}): Promise<bigint> {
    const { deletes, quantized, storageVersion = 2, ...meta } = given
    const segmentId = this.#ids++
    const partitionId = meta.partitionId ?? this.partitionId
    const info = await writeSegment({
      schema: this.schema,
      chunkManager: this.chunkManager,
      ids: { collectionId: this.collectionId, partitionId, segmentId },
      allocateId: () => this.#ids++,
      sidecar: false,
      storageVersion,
      data,
      ...(deletes === undefined ? {} : { deletes }),
      ...(quantized === undefined ? {} : { quantized }),
    })
    await this.#add({ ...info, level: 'L1', ...meta })
    return segmentId
  }

  /** An L0 segment: deletes of the partition. */
  async addDeletes(deletes: DeleteData, meta: Partial<SegmentMeta> = {}): Promise<bigint> {
    const segmentId = this.#ids++
    const logId = this.#ids++
    const { collectionId } = this
    const partitionId = meta.partitionId ?? this.partitionId
    const path = buildDeltaLogPath('', collectionId, partitionId, segmentId, logId)
    const ids = { collectionId, partitionId, segmentId, logId }
    const log = await writeDeleteLog(this.chunkManager, path, deletes, ids)
    const { fieldId } = primaryKeyField(this.schema)
    const list: FieldBinlog = { fieldId, binlogs: [log!], childFields: [], format: '' }
    await this.#add({
      ...{ collectionId, partitionId, segmentId },
      ...{ storageVersion: 0, schema: undefined, numRows: 0, level: 'L0' },
      ...{ binlogs: [], statslogs: [], bm25logs: [], deltalogs: [list] },
      ...meta,
    })
    return segmentId
  }

  async #add(
    meta: Omit<
      SegmentMeta,
      'channelName' | 'state' | 'startPosition' | 'checkpoint' | 'currentSplit' | 'manifestPath'
    > &
      Partial<SegmentMeta>,
  ): Promise<void> {
    await this.catalog.addSegment({
      channelName: CHANNEL,
      state: 'Flushed',
      startPosition: undefined,
      checkpoint: undefined,
      currentSplit: undefined,
      manifestPath: '',
      ...meta,
    })
  }

  compact(options: Partial<CompactSegmentsOptions> = {}) {
    const { catalog, chunkManager, collectionId } = this
    return compactSegments({ catalog, chunkManager, collectionId, ...options })
  }

  /** Every row that a reader of the metadata finds, system fields included, by segment. */
  async rowsBySegment(readTimestamp?: number | bigint): Promise<Row[][]> {
    const found: Row[][] = []
    for (const segment of await this.catalog.segmentsToRead(this.collectionId)) {
      const { schema, binlogs, deltalogs, l0Deltalogs, manifestPath } = segment
      const reader = await SegmentReader.open({
        ...{ schema, binlogs, deltalogs, l0Deltalogs, manifestPath },
        chunkManager: this.chunkManager,
        systemFields: true,
        ...(readTimestamp === undefined ? {} : { readTimestamp }),
      })
      const complete = withSystemFields(schema)
      const rows: Row[] = []
      for await (const batch of reader) rows.push(...rowsOf(batch, complete, { copy: true }))
      found.push(rows)
    }
    return found
  }

  async rows(readTimestamp?: number | bigint): Promise<Row[]> {
    return (await this.rowsBySegment(readTimestamp)).flat()
  }

  segments(...states: SegmentMeta['state'][]): Promise<SegmentMeta[]> {
    const { collectionId } = this
    return this.catalog.segments(states.length === 0 ? { collectionId } : { collectionId, states })
  }

  /** What is wrong with the files of a segment, statistics of its keys included. */
  async verify(segmentId: bigint): Promise<{ ok: boolean; rows: number; problems: unknown[] }> {
    const { chunkManager, catalog } = this
    const meta = await catalog.segment(segmentId)
    const found = await manifestOfSegment(meta!, chunkManager)
    if (found === undefined) {
      const segment = await locateSegment({ chunkManager, segmentId })
      return verifySegment({ chunkManager, segment })
    }
    const { basePath, manifest } = found
    const store = new ManifestStore(chunkManager, basePath)
    const { ok, rows, problems } = await verifyManifest({ store, deep: true })
    const { statslogs } = listsOfManifest(manifest)
    const counted = statslogs.map(({ binlogs }) => binlogs.length)
    return {
      ok: ok && counted.length === 1 && counted[0] === 2,
      rows: rows ?? -1,
      problems: [...problems],
    }
  }
}
