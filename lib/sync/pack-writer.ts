import type { FieldBinlog, PrimaryKeyStats } from '../binlog/index.js'
import type { Bm25Stats } from '../data/index.js'
import type { FieldGroup } from '../schema/index.js'
import type { StagedPack } from './staged-pack.js'
import type { SyncPack } from './sync-pack.js'

/** What the writer of a pack made. */
export interface PackLogs {
  /** By field (StorageV1) or column group; of StorageV3 under paths where nothing is. */
  readonly inserts: ReadonlyMap<bigint, FieldBinlog>
  /** By primary key; of StorageV3 none, as its manifest has them. */
  readonly stats: ReadonlyMap<bigint, FieldBinlog>
  /** By sparse field; of StorageV3 none. */
  readonly bm25: ReadonlyMap<bigint, FieldBinlog>
  /** Of StorageV3 without a path. */
  readonly delta: FieldBinlog | undefined
  /** Bytes of all files, column groups included. */
  readonly sizeBytes: number
  /** What is in the files of `stats` and `bm25`. */
  readonly pkStats: PrimaryKeyStats | undefined
  readonly bm25Stats: ReadonlyMap<bigint, Bm25Stats>
  /** StorageV3: the files, which a manifest is to name. */
  readonly staged?: StagedPack
  /** StorageV3: the manifest that names them, once it is committed. */
  readonly manifestPath?: string
}

/** Writes the files of a pack; one for every storage version. */
export interface PackWriter {
  /** Keys that failed attempts may have left and that could not be removed. */
  readonly orphans: readonly string[]
  /**
   * Write everything or fail. Every attempt has new ids and paths, what a failed one left is
   * removed or is an orphan.
   *
   * @param groups of the segment; StorageV1 has none.
   * @throws PackedError InvalidSchema, TypeMismatch, InvalidData, and what writing throws after
   *   the last attempt; the signal's reason.
   */
  write(pack: SyncPack, groups: readonly FieldGroup[], signal?: AbortSignal): Promise<PackLogs>
}
