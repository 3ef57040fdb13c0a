import { expectBytes } from '../../codec/index.js'
import { PackedError } from '../../errors/index.js'
import {
  BINLOG_MAGIC,
  decodeEventHeader,
  EVENT_HEADER_BYTES,
  EventType,
  encodeEventHeader,
  MAGIC_BYTES,
  UNKNOWN_POSITION,
  viewOf,
} from './event-header.js'
import { type BinlogExtras, decodeExtras, encodeExtras } from './extras.js'

/** What a StorageV1 binlog says about itself, before its events. */
export interface BinlogDescriptor {
  collectionId: bigint
  partitionId: bigint
  segmentId: bigint
  /** -1 in a delete log. */
  fieldId: bigint
  /** Hybrid timestamps of the oldest and newest row; 0 where a streaming writer made the file. */
  startTimestamp: bigint
  endTimestamp: bigint
  /** Data type of the values, as Milvus's number. */
  payloadType: number
  /** When the file was made: hybrid timestamp. */
  timestamp: bigint
  extras: BinlogExtras
}

const FIXED_BYTES = 52
/** Bytes between header and payload of every type of event, the descriptor's own first. */
const POST_HEADER_LENGTHS = [FIXED_BYTES, 16, 16, 16, 16, 16, 16, 16]
const FIXED_START = MAGIC_BYTES + EVENT_HEADER_BYTES
const LENGTHS_START = FIXED_START + FIXED_BYTES
const EXTRAS_LENGTH_START = LENGTHS_START + POST_HEADER_LENGTHS.length
/** Bytes of a file before its extras. */
export const EXTRAS_START = EXTRAS_LENGTH_START + 4
/** Nobody writes more; a damaged length must not be read for. */
const MOST_EXTRAS_BYTES = 16 << 20

/** The magic number and the descriptor event. */
export function encodeDescriptor(descriptor: BinlogDescriptor): Uint8Array {
  const extras = encodeExtras(descriptor.extras)
  const bytes = new Uint8Array(EXTRAS_START + extras.length)
  const view = viewOf(bytes)
  view.setInt32(0, BINLOG_MAGIC, true)
  encodeEventHeader(view, MAGIC_BYTES, {
    timestamp: descriptor.timestamp,
    type: EventType.Descriptor,
    eventLength: bytes.length - MAGIC_BYTES,
    nextPosition: bytes.length,
  })
  const { collectionId, partitionId, segmentId, fieldId } = descriptor
  const ids = [collectionId, partitionId, segmentId, fieldId]
  for (const [index, id] of ids.entries()) view.setBigInt64(FIXED_START + 8 * index, id, true)
  view.setBigUint64(FIXED_START + 32, descriptor.startTimestamp, true)
  view.setBigUint64(FIXED_START + 40, descriptor.endTimestamp, true)
  view.setInt32(FIXED_START + 48, descriptor.payloadType, true)
  bytes.set(POST_HEADER_LENGTHS, LENGTHS_START)
  view.setInt32(EXTRAS_LENGTH_START, extras.length, true)
  bytes.set(extras, EXTRAS_START)
  return bytes
}

/** What the first {@link EXTRAS_START} bytes of a file say, and where the events start. */
export interface DescriptorHead {
  descriptor: Omit<BinlogDescriptor, 'extras'>
  /** Offset of the first event. */
  end: number
}

/** True for the first bytes of a StorageV1 binlog. @throws PackedError InvalidArgument. */
export function hasBinlogMagic(bytes: Uint8Array): boolean {
  return (
    expectBytes(bytes, 'bytes').length >= MAGIC_BYTES &&
    viewOf(bytes).getInt32(0, true) === BINLOG_MAGIC
  )
}

/**
 * Decode everything before the extras.
 *
 * @throws PackedError FileCorrupted: too short, another magic number (which it names), lengths
 *   that contradict each other.
 */
export function decodeDescriptorHead(bytes: Uint8Array, path: string): DescriptorHead {
  if (bytes.length >= MAGIC_BYTES && !hasBinlogMagic(bytes)) {
    const found = viewOf(bytes).getUint32(0, true)
    throw corrupted(`the magic number ${hex(BINLOG_MAGIC)}`, path, hex(found))
  }
  if (bytes.length < EXTRAS_START) {
    throw corrupted(`a descriptor of at least ${EXTRAS_START} bytes`, path, `${bytes.length} bytes`)
  }
  const view = viewOf(bytes)
  const header = decodeEventHeader(view, MAGIC_BYTES)
  const extrasLength = view.getInt32(EXTRAS_LENGTH_START, true)
  const end = EXTRAS_START + extrasLength
  if (header.type !== EventType.Descriptor) {
    throw corrupted('a descriptor event (type 0)', path, `type ${header.type}`)
  }
  const lengths = Array.from(bytes.subarray(LENGTHS_START, EXTRAS_LENGTH_START))
  if (lengths.join() !== POST_HEADER_LENGTHS.join()) {
    throw corrupted(`the post-header lengths ${POST_HEADER_LENGTHS}`, path, lengths.join())
  }
  if (extrasLength < 0 || extrasLength > MOST_EXTRAS_BYTES || header.eventLength !== end - 4) {
    const found = `${header.eventLength} with ${extrasLength} bytes of extras`
    throw corrupted('a descriptor event that ends with its extras', path, `a length of ${found}`)
  }
  if (header.nextPosition !== end && header.nextPosition !== UNKNOWN_POSITION) {
    throw corrupted(`the next position ${end} of the descriptor`, path, `${header.nextPosition}`)
  }
  const id = (index: number) => view.getBigInt64(FIXED_START + 8 * index, true)
  const descriptor = {
    collectionId: id(0),
    partitionId: id(1),
    segmentId: id(2),
    fieldId: id(3),
    startTimestamp: view.getBigUint64(FIXED_START + 32, true),
    endTimestamp: view.getBigUint64(FIXED_START + 40, true),
    payloadType: view.getInt32(FIXED_START + 48, true),
    timestamp: header.timestamp,
  }
  return { descriptor, end }
}

/** Complete a descriptor with its extras. @throws PackedError FileCorrupted. */
export function withExtras(
  head: DescriptorHead,
  extras: Uint8Array,
  path: string,
): BinlogDescriptor {
  return { ...head.descriptor, extras: decodeExtras(extras, path) }
}

/** The error for a file that is not what its own numbers say. */
export function corrupted(expected: string, path: string, received: string): PackedError {
  return new PackedError(
    'FileCorrupted',
    `Expected ${expected} for the binlog "${path}" but received ${received}`,
    { path },
  )
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, '0')}`
}
