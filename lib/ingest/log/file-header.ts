import { randomBytes } from 'node:crypto'
import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { crc32c } from '@node-rs/crc32'
import { PackedError } from '../../errors/index.js'
import { damagedLog } from './log-error.js'
import { FileHeaderSchema } from './proto/message_log_pb.js'

/** Bytes of a header; records follow. */
export const HEADER_BYTES = 4096
export const MARKER_BYTES = 8

const MAGIC = Buffer.from('PKMSGLOG')
const VERSION = 1
/** Of the checksum, over everything after it, and of the length of the message. */
const CRC_AT = MAGIC.length
const LENGTH_AT = CRC_AT + 4
const MESSAGE_AT = LENGTH_AT + 4
/** What fits beside the numbers of a header. */
const MOST_NAME_BYTES = 3000

/** What a log file says of itself. */
export interface FileHeader {
  readonly channelName: string
  /** Of the first message of this file, also while there is none. */
  readonly firstMessageId: bigint
  /** First message of the file before this one, 0 where there is none. */
  readonly previousFile: bigint
  /** Last message before this file: what stands behind it in an earlier file does not count. */
  readonly previousMessageId: bigint
  /** What each of its records begins with. Random: no row can look like a record. */
  readonly marker: Uint8Array
}

/** The header of a new file. */
export function newHeader(
  facts: Pick<FileHeader, 'channelName' | 'firstMessageId' | 'previousFile' | 'previousMessageId'>,
): FileHeader {
  return { ...facts, marker: randomBytes(MARKER_BYTES) }
}

export function expectShortName(channelName: string): void {
  const bytes = Buffer.byteLength(channelName)
  if (bytes <= MOST_NAME_BYTES) return
  const message = `Expected at most ${MOST_NAME_BYTES} bytes for channelName but received ${bytes}`
  throw new PackedError('InvalidArgument', message)
}

/** {@link HEADER_BYTES} bytes: magic, CRC32C of the rest, length and message, zeros. */
export function encodeHeader(header: FileHeader): Buffer {
  const message = toBinary(
    FileHeaderSchema,
    create(FileHeaderSchema, {
      version: VERSION,
      channelName: header.channelName,
      firstMessageId: header.firstMessageId,
      previousFile: header.previousFile,
      previousMessageId: header.previousMessageId,
      marker: header.marker,
    }),
  )
  const bytes = Buffer.alloc(HEADER_BYTES)
  MAGIC.copy(bytes)
  bytes.writeUInt32LE(message.length, LENGTH_AT)
  bytes.set(message, MESSAGE_AT)
  bytes.writeUInt32LE(crc32c(bytes.subarray(LENGTH_AT)), CRC_AT)
  return bytes
}

/**
 * @throws PackedError FileCorrupted naming the file for anything else than a whole header,
 *   NotSupported for one of a newer version.
 */
export function decodeHeader(bytes: Buffer, path: string): FileHeader {
  const refuse = (received: string) => damagedLog(path, 0, 'the header of a log file', received)
  if (bytes.length < HEADER_BYTES) throw refuse(`${bytes.length} of ${HEADER_BYTES} bytes`)
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw refuse('another kind of file')
  if (bytes.readUInt32LE(CRC_AT) !== crc32c(bytes.subarray(LENGTH_AT, HEADER_BYTES))) {
    throw refuse('one whose checksum differs')
  }
  const end = MESSAGE_AT + bytes.readUInt32LE(LENGTH_AT)
  const { version, ...facts } = fromBinary(FileHeaderSchema, bytes.subarray(MESSAGE_AT, end))
  if (version === VERSION) return facts
  const message = `Expected a log file of version ${VERSION} but received version ${version}`
  throw new PackedError('NotSupported', `${message} ("${path}")`, { path })
}

/**
 * True for what a crash leaves of a file whose header was being written: no more than a header,
 * and as much of one as there is, the rest zeros.
 */
export function isUnfinishedHeader(bytes: Buffer, sizeBytes: number): boolean {
  if (sizeBytes > HEADER_BYTES) return false
  const start = bytes.subarray(0, MAGIC.length)
  return start.equals(MAGIC.subarray(0, start.length)) || bytes.every((byte) => byte === 0)
}
