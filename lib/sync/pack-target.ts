import type { StorageConfig } from '../config/index.js'
import type { PluginContext } from '../packed/index.js'
import type { CollectionSchema } from '../schema/index.js'
import type { SegmentIds } from '../segment/index.js'
import type { ChunkManager } from '../storage/index.js'
import type { Logger } from '../telemetry/index.js'
import type { Allocator } from './allocator.js'
import type { RetryOptions } from './retry.js'

/** Where and how the files of a pack are written. */
export interface PackTarget extends SegmentIds {
  /** With system fields. */
  readonly schema: CollectionSchema
  readonly chunkManager: ChunkManager
  readonly allocator: Allocator
  /** Key prefix that `insert_log` goes below. */
  readonly root: string
  /** Where column groups are written, if not where the chunk manager writes. */
  readonly storageConfig: StorageConfig | undefined
  readonly syncBufferBytes: number
  readonly multipartPartBytes: number | undefined
  readonly fsync: boolean
  readonly pluginContext: PluginContext | undefined
  readonly idAllocation: 'perAttempt' | 'prefetch'
  readonly retry: Required<RetryOptions>
  readonly logger: Logger
  /** StorageV3: the manifest that the metadata names for the segment; empty for none. */
  readonly manifestPath?: string
  /** StorageV3: nobody else commits manifests, so that a store without conditional writes will do. */
  readonly singleWriter?: boolean
}
