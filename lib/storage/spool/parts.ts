import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { readRange, streamRange } from '../local/files.js'
import type { StoredPart } from '../object-store.js'
import type { SpoolFile } from './record.js'

/** One part of a file: its number (from 1), and which bytes it has. */
export interface PartRange {
  number: number
  offset: number
  length: number
}

/** The parts of a file; none of one that is put in one piece. */
export function partsOf({ sizeBytes, partBytes }: SpoolFile): PartRange[] {
  if (sizeBytes <= partBytes) return []
  return Array.from({ length: Math.ceil(sizeBytes / partBytes) }, (_, index) => {
    const offset = index * partBytes
    return { number: index + 1, offset, length: Math.min(partBytes, sizeBytes - offset) }
  })
}

/** The bytes of a part, in memory. */
export function readPart(file: string, part: PartRange, signal: AbortSignal): Promise<Uint8Array> {
  return readRange(file, file, part, signal)
}

/**
 * Whether the store has these very bytes, by a checksum that it tells: CRC32, or the MD5 sum that
 * is the tag of most. A part that cannot be compared is none.
 */
export async function isStored(
  file: string,
  part: PartRange,
  stored: StoredPart,
): Promise<boolean> {
  const { sizeBytes, crc32: crc, md5 } = stored
  if (sizeBytes !== part.length || (crc === undefined && md5 === undefined)) return false
  const hash = crc === undefined ? createHash('md5') : undefined
  let sum = 0
  for await (const chunk of streamRange(file, file, part, (call) => call())) {
    if (hash === undefined) sum = crc32(chunk, sum)
    else hash.update(chunk)
  }
  return hash === undefined ? base64Of(sum) === crc : hash.digest('hex') === md5
}

/** A CRC32 as stores write it: base64 of its bytes, the highest first. */
function base64Of(sum: number): string {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(sum)
  return bytes.toString('base64')
}

/** Whether a stream of bytes is exactly this file. */
export async function isSameFile(
  file: string,
  sizeBytes: number,
  content: AsyncIterable<Uint8Array>,
): Promise<boolean> {
  let offset = 0
  for await (const chunk of content) {
    const length = chunk.byteLength
    if (offset + length > sizeBytes) return false
    const local = await readRange(file, file, { offset, length }, undefined)
    if (Buffer.compare(local, chunk) !== 0) return false
    offset += length
  }
  return offset === sizeBytes
}
