/** Where a message stands in its channel (`msgpb.MsgPosition`). */
export interface ChannelPosition {
  readonly channelName: string
  /** Place in the message source: ascends from message to message, over restarts, too. */
  readonly messageId: bigint
  /** Hybrid timestamp of the message. */
  readonly timestamp: bigint
}
