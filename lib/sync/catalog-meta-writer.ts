import type { ChunkOptions } from '../storage/index.js'
import { type MetaCatalog, segmentHomePut } from './meta-catalog.js'
import { metaFailure } from './meta-failure.js'
import { CHANNEL, SEGMENT } from './meta-json.js'
import type { Versioned } from './meta-records.js'
import type { MetaTransaction } from './meta-store.js'
import type { MetaWriter, SaveBinlogPathsRequest, SegmentStart } from './meta-writer.js'
import type { ChannelPosition } from './position.js'
import type { ChannelMeta, SegmentMeta, SegmentState } from './segment-meta.js'

/** Keeps the metadata in the store of a {@link MetaCatalog}: every call is one transaction. */
export class CatalogMetaWriter implements MetaWriter {
  readonly #catalog: MetaCatalog

  constructor(catalog: MetaCatalog) {
    this.#catalog = catalog
  }

  /**
   * The segment, the starts of others, and for an L0 segment how far the deletes of its partition
   * are saved. A segment that nobody has added is made: the request says all of it.
   */
  async saveBinlogPaths(
    request: SaveBinlogPathsRequest,
    options: ChunkOptions = {},
  ): Promise<void> {
    const { records } = this.#catalog
    await records.change(async () => {
      const channel = await this.#channel(request.channelName, options)
      if (channel.record.collectionId !== request.collectionId) throw misrouted(request)
      const segment = await records.segment(request, options)
      if (segment.record !== undefined) expectSaveable(segment.record, request)
      const change = new Change()
      change.write(segment, SEGMENT.encode(savedSegment(segment.record, request)))
      if (segment.record === undefined) change.writeNew(segmentHomePut(request))
      for (const start of request.startPositions) await this.#saveStart(change, request, start)
      if (request.level === 'L0')
        change.write(channel, CHANNEL.encode(deletesSaved(channel, request)))
      return { transaction: change, result: undefined }
    }, options)
  }

  async updateChannelCheckpoint(
    checkpoint: ChannelPosition,
    sequences: ReadonlyMap<string, bigint>,
    options: ChunkOptions = {},
  ): Promise<void> {
    await this.#catalog.records.change(async () => {
      const channel = await this.#channel(checkpoint.channelName, options)
      const { record } = channel
      if (record.checkpoint !== undefined && record.checkpoint.messageId > checkpoint.messageId) {
        return { result: undefined }
      }
      const merged = new Map(record.sequences)
      for (const [source, sequence] of sequences) raise(merged, source, sequence)
      const change = new Change()
      change.write(channel, CHANNEL.encode({ ...record, checkpoint, sequences: merged }))
      return { transaction: change, result: undefined }
    }, options)
  }

  async dropChannel(channelName: string, options: ChunkOptions = {}): Promise<void> {
    const { records } = this.#catalog
    await records.change(async () => {
      const channel = await records.channel(channelName, options)
      if (channel.record === undefined) throw channelNotFound(channelName)
      if (channel.record.dropped) return { result: undefined }
      const change = new Change()
      change.write(channel, CHANNEL.encode({ ...channel.record, dropped: true }))
      for (const { collectionId, segmentId } of await this.#catalog.segments({ channelName })) {
        const segment = await records.segment({ collectionId, segmentId }, options)
        if (segment.record === undefined) continue
        change.write(segment, SEGMENT.encode({ ...segment.record, state: 'Dropped' }))
      }
      return { transaction: change, result: undefined }
    }, options)
  }

  /** @throws PackedError NotFound. */
  async #channel(
    channelName: string,
    options: ChunkOptions,
  ): Promise<Versioned<ChannelMeta> & { record: ChannelMeta }> {
    const channel = await this.#catalog.records.channel(channelName, options)
    const { record } = channel
    if (record === undefined || record.dropped) throw channelNotFound(channelName)
    return { ...channel, record }
  }

  /** The start of another segment of the channel; the request's own is part of its record. */
  async #saveStart(
    change: Change,
    { collectionId, segmentId: own }: SaveBinlogPathsRequest,
    { segmentId, startPosition }: SegmentStart,
  ): Promise<void> {
    if (segmentId === own) return
    const segment = await this.#catalog.records.segment({ collectionId, segmentId })
    if (segment.record === undefined || segment.record.startPosition !== undefined) return
    change.write(segment, SEGMENT.encode({ ...segment.record, startPosition }))
  }
}

/** A transaction in the making, that only holds for what was read. */
class Change implements MetaTransaction {
  readonly expect: { key: string; version: number }[] = []
  readonly put: { key: string; value: Uint8Array }[] = []

  write({ key, version }: Versioned<unknown>, value: Uint8Array): void {
    this.expect.push({ key, version })
    this.put.push({ key, value })
  }

  writeNew(entry: { key: string; value: Uint8Array }): void {
    this.expect.push({ key: entry.key, version: 0 })
    this.put.push(entry)
  }
}

function savedSegment(
  known: SegmentMeta | undefined,
  request: SaveBinlogPathsRequest,
): SegmentMeta {
  const { collectionId, partitionId, segmentId, channelName, level, storageVersion } = request
  const { numOfRows, position } = request.checkPoints[0]!
  const start = request.startPositions.find((entry) => entry.segmentId === segmentId)
  return {
    collectionId,
    partitionId,
    segmentId,
    channelName,
    level,
    storageVersion,
    schema: undefined,
    numRows: numOfRows,
    binlogs: request.field2BinlogPaths,
    statslogs: request.field2StatslogPaths,
    bm25logs: request.field2Bm25logPaths,
    deltalogs: request.deltalogs,
    state: stateAfter(known, request),
    startPosition: known?.startPosition ?? start?.startPosition,
    checkpoint: position,
    currentSplit: request.currentSplit,
    manifestPath: request.manifestPath,
  }
}

function stateAfter(
  known: SegmentMeta | undefined,
  { flushed, dropped }: SaveBinlogPathsRequest,
): SegmentState {
  if (dropped) return 'Dropped'
  return flushed ? 'Flushed' : (known?.state ?? 'Growing')
}

/** The channel after an L0 segment: its deletes up to the checkpoint are saved. */
function deletesSaved(
  { record }: { record: ChannelMeta },
  { partitionId, checkPoints }: SaveBinlogPathsRequest,
): ChannelMeta {
  const deletePositions = new Map(record.deletePositions)
  raise(deletePositions, partitionId, checkPoints[0]!.position.messageId)
  return { ...record, deletePositions }
}

/** Neither a sequence nor a position ever goes back. */
function raise<Key>(highest: Map<Key, bigint>, key: Key, value: bigint): void {
  const before = highest.get(key)
  if (before === undefined || before < value) highest.set(key, value)
}

/** @throws PackedError NotFound (dropped meanwhile), Conflict (another channel's). */
function expectSaveable(segment: SegmentMeta, request: SaveBinlogPathsRequest): void {
  if (segment.channelName !== request.channelName) throw misrouted(request)
  if (segment.state !== 'Dropped' || request.dropped) return
  const message = `Expected a segment for a sync of channel "${request.channelName}" but received ${request.segmentId}, which was dropped`
  throw metaFailure('segmentNotFound', message)
}

function channelNotFound(channelName: string) {
  const message = `Expected a channel of the metadata store but received "${channelName}", which it does not have or which was dropped`
  return metaFailure('channelNotFound', message)
}

function misrouted({ channelName, collectionId, segmentId }: SaveBinlogPathsRequest) {
  const message = `Expected a sync of the channel that has segment ${segmentId} of collection ${collectionId} but received one of "${channelName}"`
  return metaFailure('misrouted', message)
}
