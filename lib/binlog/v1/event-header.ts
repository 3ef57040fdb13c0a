/** First four bytes of every StorageV1 binlog. */
export const BINLOG_MAGIC = 0x00fffabc
export const MAGIC_BYTES = 4
/** Timestamp, type, event length, next position. */
export const EVENT_HEADER_BYTES = 17
/** Start and end timestamp of the rows of an event. */
export const EVENT_TIMES_BYTES = 16
/** Everything of an event but its payload. */
export const EVENT_PREFIX_BYTES = EVENT_HEADER_BYTES + EVENT_TIMES_BYTES
/** The next position that a writer leaves that did not know it. */
export const UNKNOWN_POSITION = -1

/** What an event of a binlog is. */
export const EventType = {
  Descriptor: 0,
  Insert: 1,
  Delete: 2,
  CreateCollection: 3,
  DropCollection: 4,
  CreatePartition: 5,
  DropPartition: 6,
  IndexFile: 7,
} as const
export type EventType = (typeof EventType)[keyof typeof EventType]

/** Head of an event, little endian in the file. */
export interface EventHeader {
  /** When it was made: hybrid timestamp. */
  timestamp: bigint
  type: number
  /** Bytes of the event, this header included. */
  eventLength: number
  /** Offset in the file of what follows, or -1. */
  nextPosition: number
}

export function encodeEventHeader(view: DataView, offset: number, header: EventHeader): void {
  view.setBigUint64(offset, header.timestamp, true)
  view.setInt8(offset + 8, header.type)
  view.setInt32(offset + 9, header.eventLength, true)
  view.setInt32(offset + 13, header.nextPosition, true)
}

export function decodeEventHeader(view: DataView, offset: number): EventHeader {
  return {
    timestamp: view.getBigUint64(offset, true),
    type: view.getInt8(offset + 8),
    eventLength: view.getInt32(offset + 9, true),
    nextPosition: view.getInt32(offset + 13, true),
  }
}

/** A view over the bytes of a typed array, wherever they are in its buffer. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
