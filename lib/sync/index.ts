export type { Allocator, IdRange } from './allocator.js'
export type { MetaEntry, MetaStore, MetaTransaction } from './meta-store.js'
export type {
  MetaFailure,
  MetaWriter,
  SaveBinlogPathsRequest,
  SegmentCheckpoint,
  SegmentStart,
} from './meta-writer.js'
export type { ChannelPosition } from './position.js'
export type { ChannelMeta, SegmentLevel, SegmentMeta, SegmentState } from './segment-meta.js'
