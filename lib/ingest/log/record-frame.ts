import { crc32c } from '@node-rs/crc32'
import { MARKER_BYTES } from './file-header.js'

/**
 * What stands before every record, little endian: marker of the file, CRC32C of the frame after
 * it, CRC32C of the body, bytes of the body (8), message id (8), bytes of the message head that
 * the body begins with, four zeros. A frame that is whole says where the next one is, whatever
 * its body has suffered.
 */
export const FRAME_BYTES = 40

const FRAME_CRC_AT = MARKER_BYTES
const CHECKED_AT = FRAME_CRC_AT + 4
const BODY_CRC_AT = CHECKED_AT
const BODY_BYTES_AT = BODY_CRC_AT + 4
const MESSAGE_ID_AT = BODY_BYTES_AT + 8
const HEAD_BYTES_AT = MESSAGE_ID_AT + 8

/** A message as bytes but for its id, which it gets when it is written. */
export interface EncodedMessage {
  readonly timestamp: bigint
  /** The body: head first, then the Arrow data; they may view the memory of the message. */
  readonly parts: readonly Uint8Array[]
  readonly headBytes: number
  /** A multiple of 8, like all that stands in a file: Arrow data is read where it lies. */
  readonly bodyBytes: number
  readonly bodyCrc: number
}

export interface RecordFrame {
  readonly messageId: bigint
  readonly headBytes: number
  readonly bodyBytes: number
  readonly bodyCrc: number
}

export function encodeFrame(marker: Uint8Array, frame: RecordFrame): Buffer {
  const bytes = Buffer.alloc(FRAME_BYTES)
  bytes.set(marker)
  bytes.writeUInt32LE(frame.bodyCrc, BODY_CRC_AT)
  bytes.writeBigUInt64LE(BigInt(frame.bodyBytes), BODY_BYTES_AT)
  bytes.writeBigUInt64LE(frame.messageId, MESSAGE_ID_AT)
  bytes.writeUInt32LE(frame.headBytes, HEAD_BYTES_AT)
  bytes.writeUInt32LE(crc32c(bytes.subarray(CHECKED_AT)), FRAME_CRC_AT)
  return bytes
}

/** Undefined for bytes that are no frame of the file. */
export function decodeFrame(marker: Uint8Array, bytes: Buffer): RecordFrame | undefined {
  if (bytes.length < FRAME_BYTES || bytes.compare(marker, 0, MARKER_BYTES, 0, MARKER_BYTES) !== 0) {
    return undefined
  }
  if (bytes.readUInt32LE(FRAME_CRC_AT) !== crc32c(bytes.subarray(CHECKED_AT, FRAME_BYTES))) {
    return undefined
  }
  return {
    messageId: bytes.readBigUInt64LE(MESSAGE_ID_AT),
    headBytes: bytes.readUInt32LE(HEAD_BYTES_AT),
    bodyBytes: Number(bytes.readBigUInt64LE(BODY_BYTES_AT)),
    bodyCrc: bytes.readUInt32LE(BODY_CRC_AT),
  }
}
