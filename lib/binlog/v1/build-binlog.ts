import {
  expectInteger,
  expectList,
  expectObject,
  expectOptions,
  unexpected,
} from '../../config/index.js'
import type { Id } from '../log-path.js'
import { type BinlogDescriptor, encodeDescriptor } from './descriptor.js'
import {
  EVENT_HEADER_BYTES,
  EVENT_PREFIX_BYTES,
  type EventType,
  encodeEventHeader,
  UNKNOWN_POSITION,
  viewOf,
} from './event-header.js'

/** Descriptor of a binlog to be made; ids may be numbers that are safe integers. */
export interface BinlogDescriptorInit extends Pick<BinlogDescriptor, 'payloadType' | 'extras'> {
  /** The collection of the rows. */
  collectionId: Id
  /** -1 for all partitions. */
  partitionId: Id
  /** The segment of the rows. */
  segmentId: Id
  /** -1 in a delete log. */
  fieldId: Id
  /** Hybrid timestamps of the oldest and newest row. */
  startTimestamp: Id
  /** Hybrid timestamp of the newest row. */
  endTimestamp: Id
  /** When the file is made: hybrid timestamp; the clock's when absent. */
  timestamp?: Id
}

/** One event to be made. */
export interface BinlogEventInit {
  /** What the payload is. */
  type: EventType
  /** A whole Parquet file. */
  payload: Uint8Array
  /** Hybrid timestamp of its oldest row. */
  startTimestamp: Id
  /** Hybrid timestamp of its newest row. */
  endTimestamp: Id
  /** When it is made; the file's when absent. */
  timestamp?: Id
}

export interface BuildBinlogOptions {
  /**
   * As Milvus's streaming writer leaves a file: no next position (-1), event times 1, descriptor
   * times 0. The times given are not looked at. Off by default.
   */
  streamed?: boolean
}

const MOST_EVENT_BYTES = 2 ** 31 - 1

/** The hybrid timestamp of a time in milliseconds. @throws PackedError InvalidArgument. */
export function hybridTimestamp(milliseconds: number): bigint {
  return BigInt(expectInteger(milliseconds, 'milliseconds')) << 18n
}

/**
 * The bytes of a StorageV1 binlog.
 *
 * @throws PackedError InvalidArgument: ids that are no 64-bit integers, timestamps of 0 (unless
 *   `streamed`), a file of 2 GiB or more, whose positions the format cannot hold.
 */
export function buildBinlog(
  descriptor: BinlogDescriptorInit,
  events: readonly BinlogEventInit[],
  options: BuildBinlogOptions = {},
): Uint8Array {
  const { streamed = false } = expectOptions(options, ['streamed'], 'buildBinlog')
  expectObject(descriptor, 'descriptor')
  expectList(events, 'events')
  const made = descriptor.timestamp ?? hybridTimestamp(Date.now())
  const head = encodeDescriptor({
    collectionId: int64(descriptor.collectionId, 'collectionId'),
    partitionId: int64(descriptor.partitionId, 'partitionId'),
    segmentId: int64(descriptor.segmentId, 'segmentId'),
    fieldId: int64(descriptor.fieldId, 'fieldId'),
    startTimestamp: streamed ? 0n : rowTime(descriptor.startTimestamp, 'startTimestamp'),
    endTimestamp: streamed ? 0n : rowTime(descriptor.endTimestamp, 'endTimestamp'),
    payloadType: descriptor.payloadType,
    timestamp: uint64(made, 'timestamp'),
    extras: descriptor.extras,
  })
  const payloads = events.map(({ payload }) => EVENT_PREFIX_BYTES + payload.length)
  const sizeBytes = payloads.reduce((sum, bytes) => sum + bytes, head.length)
  if (sizeBytes > MOST_EVENT_BYTES) {
    throw unexpected(`at most ${MOST_EVENT_BYTES} bytes`, 'the size of a binlog', sizeBytes)
  }
  const bytes = new Uint8Array(sizeBytes)
  bytes.set(head)
  let offset = head.length
  for (const [index, event] of events.entries()) {
    const times = streamed ? [1n, 1n] : [event.startTimestamp, event.endTimestamp]
    const name = `events[${index}]`
    const end = offset + EVENT_PREFIX_BYTES + event.payload.length
    const view = viewOf(bytes)
    encodeEventHeader(view, offset, {
      timestamp: uint64(event.timestamp ?? made, `${name}.timestamp`),
      type: event.type,
      eventLength: end - offset,
      nextPosition: streamed ? UNKNOWN_POSITION : end,
    })
    const [start, last] = times.map((time) => rowTime(time, `the times of ${name}`))
    view.setBigUint64(offset + EVENT_HEADER_BYTES, start!, true)
    view.setBigUint64(offset + EVENT_HEADER_BYTES + 8, last!, true)
    bytes.set(event.payload, offset + EVENT_PREFIX_BYTES)
    offset = end
  }
  return bytes
}

function rowTime(value: Id, name: string): bigint {
  const time = uint64(value, name)
  if (time !== 0n) return time
  throw unexpected('a hybrid timestamp that is not 0', name, value)
}

function uint64(value: Id, name: string): bigint {
  return integer(value, name, 0n, 2n ** 64n - 1n)
}

function int64(value: Id, name: string): bigint {
  return integer(value, name, -(2n ** 63n), 2n ** 63n - 1n)
}

function integer(value: Id, name: string, least: bigint, most: bigint): bigint {
  const whole = typeof value === 'bigint' || Number.isSafeInteger(value)
  if (whole && BigInt(value) >= least && BigInt(value) <= most) return BigInt(value)
  throw unexpected(`an integer from ${least} to ${most} (bigint or safe integer)`, name, value)
}
