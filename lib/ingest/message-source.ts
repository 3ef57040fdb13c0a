import type { ChunkOptions } from '../storage/index.js'
import type { ChannelPosition } from '../sync/index.js'
import type { LoggedMessage, Message } from './message.js'

/** Accepted messages in order, that can be read again from a position. */
export interface MessageSource {
  readonly channelName: string
  /**
   * Messages after `position`, from the oldest that is kept without one; ends at the last.
   *
   * @throws PackedError FileCorrupted (a record that is not the last one is damaged), NotFound
   *   (messages after `position` are no longer kept).
   */
  seek(position: ChannelPosition | undefined, options?: ChunkOptions): AsyncIterable<LoggedMessage>
  /** Messages up to `position` are not needed any more; their space may be given back. */
  acknowledge(position: ChannelPosition): Promise<void>
  /** End the source; what was handed out stays valid. Idempotent. */
  close(): Promise<void>
}

/** A source that messages are written to: what makes accepted rows survive a crash. */
export interface MessageLog extends MessageSource {
  /**
   * Resolves when the message is accepted: what that means is the log's `fsync` setting. Calls
   * may overlap; positions are in call order, and promises resolve in that order.
   *
   * @throws PackedError NoSpace, StorageIO, PermissionDenied, Closed; then nothing of the message
   *   is kept, and neither are later ones that were under way.
   */
  append(message: Message, options?: ChunkOptions): Promise<ChannelPosition>
  /** Wait until everything up to `position` is on disk, whatever the `fsync` setting is. */
  durable(position: ChannelPosition): Promise<void>
}
