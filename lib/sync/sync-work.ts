import type { ChunkManager } from '../storage/index.js'
import type { ChannelPosition } from './position.js'

/**
 * What a {@link SyncManager} runs: the writing of a segment's files, then of its metadata.
 *
 * At every submission the manager calls `useChunkManager`, then `prepare`, then either `commit`
 * or `abandon`, each at most once and never two at the same time; a work that never gets its turn
 * is only abandoned. After any failure `fail` follows. Then the work may be submitted again.
 */
export interface SyncWork {
  readonly segmentId: bigint
  /** Work of one key is committed in the order in which it was submitted. */
  readonly orderKey: string
  /** Bytes that the work holds until `prepare` has ended. */
  readonly payloadBytes: number
  /** Of the pack; names the work in statistics. */
  readonly checkpoint: ChannelPosition | undefined
  /** Bytes of the files written, once `prepare` has ended. */
  readonly flushedSize?: number
  /** Where to write. */
  useChunkManager(chunkManager: ChunkManager): void
  /** Write the files. Runs beside other work, of the same key too. */
  prepare(signal?: AbortSignal): Promise<void>
  /** Save the metadata. Runs when all earlier work of the key is committed. */
  commit(signal?: AbortSignal): Promise<void>
  /** It will not be committed, as earlier work of its key failed or it was canceled. Never throws. */
  abandon(): void
  /** Tell the owner that this attempt failed. Once per failed attempt. */
  fail(error: unknown): void
}

/**
 * Told how a work ended: undefined for success.
 *
 * @returns the error for the next callback and for the caller in its place; null for none,
 *   undefined to leave it as it is. What it throws counts only where there was no error.
 */
export type SyncCallback = (error: unknown | undefined) => unknown | Promise<unknown>
