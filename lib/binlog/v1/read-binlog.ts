import { expectOptions } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import type { ChunkManager } from '../../storage/index.js'
import { expectChunkManager } from '../../storage/index.js'
import {
  type BinlogDescriptor,
  corrupted,
  decodeDescriptorHead,
  EXTRAS_START,
  withExtras,
} from './descriptor.js'
import {
  decodeEventHeader,
  EVENT_HEADER_BYTES,
  EVENT_PREFIX_BYTES,
  EventType,
  UNKNOWN_POSITION,
  viewOf,
} from './event-header.js'
import { FileWindow } from './file-window.js'

/** The Parquet file of one event: part of a stored object, or of bytes in memory. */
export interface BinlogPayload {
  /** Key of the binlog; absent where `bytes` holds the payload. */
  path?: string
  bytes?: Uint8Array
  offset: number
  length: number
}

/** Rows of a binlog. */
export interface BinlogEvent {
  type: EventType
  /** When it was made: hybrid timestamp. */
  timestamp: bigint
  /** Hybrid timestamps of its rows; both 1 where a streaming writer made the file. */
  startTimestamp: bigint
  endTimestamp: bigint
  payload: BinlogPayload
}

/** A StorageV1 binlog, without the payloads themselves. */
export interface BinlogFile {
  descriptor: BinlogDescriptor
  events: BinlogEvent[]
}

/** What a decryptor is given: everything that follows the descriptor of a file. */
export interface EncryptedEvents {
  /** The encrypted data key, as the file has it. */
  edek: string
  zone: bigint
  bytes: Uint8Array
}

/** Gives the events in the clear; what it throws fails the read. */
export type BinlogDecryptor = (encrypted: EncryptedEvents) => Uint8Array | Promise<Uint8Array>

export interface ReadBinlogOptions {
  /** For files that are encrypted; without one they are an `Encryption` error. */
  decryptor?: BinlogDecryptor | undefined
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/**
 * Read descriptor and event headers of a StorageV1 binlog; the payloads stay where they are.
 *
 * Events are found by their lengths, so that files of streaming writers (next position -1) are
 * read, too. What is cut short is an error, never an early end.
 *
 * @throws PackedError FileCorrupted, Encryption (a file that needs a decryptor), NotFound,
 *   StorageIO. The signal's reason when it is aborted.
 */
export async function readBinlog(
  chunks: ChunkManager,
  path: string,
  options: ReadBinlogOptions = {},
): Promise<BinlogFile> {
  const { signal } = expectOptions(options, ['decryptor', 'signal'], 'readBinlog')
  expectChunkManager(chunks, 'chunks')
  const window = await FileWindow.open(chunks, path, signal)
  const head = decodeDescriptorHead(await window.take(0, EXTRAS_START), path)
  if (head.end > window.sizeBytes) {
    throw corrupted(`a descriptor of ${head.end} bytes`, path, `${window.sizeBytes} bytes`)
  }
  const extras = await window.take(EXTRAS_START, head.end - EXTRAS_START)
  const descriptor = withExtras(head, extras, path)
  if (descriptor.extras.encryption === undefined) {
    return { descriptor, events: await eventsOf(window, head.end, path) }
  }
  const { edek, zone } = descriptor.extras.encryption
  if (options.decryptor === undefined) {
    throw new PackedError(
      'Encryption',
      `Expected a decryptor for the binlog "${path}" of encryption zone ${zone} but received none`,
      { path },
    )
  }
  const sealed = await chunks.readAt(path, head.end, window.sizeBytes - head.end, { signal })
  const bytes = await options.decryptor({ edek, zone, bytes: sealed })
  const open = FileWindow.over(bytes)
  return { descriptor, events: await eventsOf(open, 0, path, bytes) }
}

/** Walk the events; `clear` holds them where they were encrypted, with their old positions. */
async function eventsOf(
  window: FileWindow,
  start: number,
  path: string,
  clear?: Uint8Array,
): Promise<BinlogEvent[]> {
  const events: BinlogEvent[] = []
  for (let offset = start; offset < window.sizeBytes; ) {
    const left = window.sizeBytes - offset
    const prefix = await window.take(offset, EVENT_PREFIX_BYTES)
    if (prefix.length < EVENT_PREFIX_BYTES) {
      throw corrupted(`an event at offset ${offset}`, path, `${left} bytes, too few for its head`)
    }
    const view = viewOf(prefix)
    const header = decodeEventHeader(view, 0)
    const { eventLength, nextPosition } = header
    if (eventLength < EVENT_PREFIX_BYTES || eventLength > left) {
      const expected = `an event of ${eventLength} bytes at offset ${offset}`
      throw corrupted(expected, path, `${left} bytes up to the end of the file`)
    }
    const end = offset + eventLength
    if (clear === undefined && nextPosition !== UNKNOWN_POSITION && nextPosition !== end) {
      const expected = `the next position ${end} of the event at offset ${offset}`
      throw corrupted(expected, path, String(nextPosition))
    }
    const payload = {
      offset: offset + EVENT_PREFIX_BYTES,
      length: eventLength - EVENT_PREFIX_BYTES,
    }
    events.push({
      type: eventType(header.type, path),
      timestamp: header.timestamp,
      startTimestamp: view.getBigUint64(EVENT_HEADER_BYTES, true),
      endTimestamp: view.getBigUint64(EVENT_HEADER_BYTES + 8, true),
      payload: clear === undefined ? { path, ...payload } : { bytes: clear, ...payload },
    })
    offset = end
  }
  return events
}

function eventType(type: number, path: string): EventType {
  const known = Object.values(EventType).find((candidate) => candidate === type)
  if (known !== undefined && known !== EventType.Descriptor) return known
  throw corrupted('an event of type 1 to 7', path, `type ${type}`)
}
