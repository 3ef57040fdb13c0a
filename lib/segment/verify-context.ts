import type { BinlogDecryptor } from '../binlog/index.js'
import type { inspectFile } from '../packed/index.js'
import type { CollectionSchema } from '../schema/index.js'
import type { ChunkManager } from '../storage/index.js'
import type { LocatedSegment } from './locate-segment.js'

/** Files that are read while one is checked. */
export const MOST_READS = 8

/** What every check of a segment needs. */
export interface VerifyContext {
  chunkManager: ChunkManager
  segment: LocatedSegment
  /** With system fields. */
  schema: CollectionSchema
  /** Which bytes `Binlog.logSize` counts. */
  logSize: 'compressed' | 'uncompressed'
  decryptor: BinlogDecryptor | undefined
  /** Options of `inspectFile`. */
  inspect: NonNullable<Parameters<typeof inspectFile>[1]>
  signal: AbortSignal | undefined
  /** Called with the rows of each batch that was read. */
  onRows: (rows: number) => void
}
