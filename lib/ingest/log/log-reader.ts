import type { FileHandle } from 'node:fs/promises'
import { checksumOf } from './checksum.js'
import { type FileHeader, HEADER_BYTES } from './file-header.js'
import { decodeFrame, FRAME_BYTES, type RecordFrame } from './record-frame.js'

/** What is read ahead: many small records for one system call. */
const WINDOW_BYTES = 1 << 20
/** A body up to this size is copied out of the window; a larger one is read into its own memory. */
const SMALL_BYTES = WINDOW_BYTES / 4
/** Bytes per system call, so that none of libuv's threads is occupied for long. */
const STEP_BYTES = 8 << 20

/** What stands in a record's place. */
export interface DamagedRecord {
  readonly kind: 'damaged'
  readonly received: string
}

export interface FoundRecord {
  readonly kind: 'record'
  readonly frame: RecordFrame
  readonly nextOffset: number
}

export interface WholeRecord extends Omit<FoundRecord, 'kind'> {
  readonly kind: 'whole'
  /** In memory of its own. */
  readonly body: Uint8Array
}

/** Reads the records of one file, of which the caller keeps the handle. */
export class LogReader {
  readonly #handle: FileHandle
  readonly #header: FileHeader
  readonly #sizeBytes: number
  #window = Buffer.alloc(0)
  #windowAt = 0

  /** @param sizeBytes what of the file is looked at; it may grow behind that. */
  constructor(handle: FileHandle, header: FileHeader, sizeBytes: number) {
    this.#handle = handle
    this.#header = header
    this.#sizeBytes = sizeBytes
  }

  /** What stands at an offset that a record should begin at; its body is not looked at. */
  async find(offset: number, messageId?: bigint): Promise<FoundRecord | DamagedRecord> {
    const frame = decodeFrame(this.#header.marker, await this.#view(offset, FRAME_BYTES))
    if (frame === undefined) return { kind: 'damaged', received: 'something else' }
    if (messageId !== undefined && frame.messageId !== messageId) {
      return { kind: 'damaged', received: `message ${frame.messageId}` }
    }
    const nextOffset = offset + FRAME_BYTES + frame.bodyBytes
    if (nextOffset <= this.#sizeBytes) return { kind: 'record', frame, nextOffset }
    return { kind: 'damaged', received: `${this.#sizeBytes - offset} bytes of it` }
  }

  /** The same with its body, whose checksum is compared. */
  async read(offset: number, messageId?: bigint): Promise<WholeRecord | DamagedRecord> {
    const record = await this.find(offset, messageId)
    if (record.kind === 'damaged') return record
    const { bodyBytes, bodyCrc } = record.frame
    const from = offset + FRAME_BYTES
    const body =
      bodyBytes <= SMALL_BYTES
        ? Uint8Array.from(await this.#view(from, bodyBytes))
        : await this.#readLarge(from, bodyBytes)
    if ((await checksumOf([body])) === bodyCrc) return { ...record, kind: 'whole', body }
    return { kind: 'damaged', received: 'one whose checksum differs' }
  }

  /** Where the first whole record of an id above `after` is that begins at or behind an offset. */
  async findRecord(offset: number, after: bigint): Promise<number | undefined> {
    const { marker } = this.#header
    for (let from = offset; from + FRAME_BYTES <= this.#sizeBytes; ) {
      const bytes = await this.#view(from, Math.min(WINDOW_BYTES, this.#sizeBytes - from))
      const found = bytes.indexOf(marker)
      if (found === -1) {
        from += bytes.length - marker.length + 1
        continue
      }
      const record = await this.read(from + found)
      if (record.kind === 'whole' && record.frame.messageId > after) return from + found
      from += found + 1
    }
    return undefined
  }

  /** Up to `length` bytes; a view of the window, which the next call may replace. */
  async #view(offset: number, length: number): Promise<Buffer> {
    const skip = offset - this.#windowAt
    const inside = skip >= 0 && skip + length <= this.#window.length
    if (inside) return this.#window.subarray(skip, skip + length)
    const bytes = Buffer.allocUnsafeSlow(
      Math.max(0, Math.min(WINDOW_BYTES, this.#sizeBytes - offset)),
    )
    const filled = await this.#fill(bytes, offset)
    this.#window = bytes.subarray(0, filled)
    this.#windowAt = offset
    return this.#window.subarray(0, length)
  }

  async #readLarge(offset: number, length: number): Promise<Uint8Array> {
    const bytes = Buffer.allocUnsafeSlow(length)
    return bytes.subarray(0, await this.#fill(bytes, offset))
  }

  async #fill(bytes: Buffer, offset: number): Promise<number> {
    let filled = 0
    while (filled < bytes.length) {
      const step = Math.min(STEP_BYTES, bytes.length - filled)
      const { bytesRead } = await this.#handle.read(bytes, filled, step, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return filled
  }
}

/** Where a file ends, as a scan of it found out. */
export interface ScannedEnd {
  /** Behind the last whole record. */
  readonly endOffset: number
  readonly lastMessageId: bigint
  /** What was expected at `endOffset`, and what is there; undefined where the file ends there. */
  readonly damage?: { readonly received: string; readonly recordBehind: number | undefined }
}

/** Check every record of a file, to its end or to the first that is damaged. */
export async function scanRecords(
  handle: FileHandle,
  header: FileHeader,
  sizeBytes: number,
): Promise<ScannedEnd> {
  const reader = new LogReader(handle, header, sizeBytes)
  let endOffset = HEADER_BYTES
  let lastMessageId = header.firstMessageId - 1n
  while (endOffset < sizeBytes) {
    const record = await reader.read(endOffset, lastMessageId + 1n)
    if (record.kind === 'damaged') {
      const recordBehind = await reader.findRecord(endOffset, lastMessageId)
      return { endOffset, lastMessageId, damage: { received: record.received, recordBehind } }
    }
    lastMessageId += 1n
    endOffset = record.nextOffset
  }
  return { endOffset, lastMessageId }
}
