import { PackedError } from '../errors/index.js'
import { DAMAGED } from './bytes-codec.js'

/** Frames that any tool knows by their first bytes (RFC 8878, LZ4 frame format, RFC 1952). */
const FRAMES: Readonly<Record<string, readonly number[]>> = {
  zstd: [0x28, 0xb5, 0x2f, 0xfd],
  lz4: [0x04, 0x22, 0x4d, 0x18],
  gzip: [0x1f, 0x8b, 0x08],
}
/** Before everything else: `APKF`, a byte with the length of a name, and that name in ASCII. */
const MAGIC = [0x41, 0x50, 0x4b, 0x46] as const
/** The name of what is not compressed. */
export const STORED = 'stored'
/** What storing adds. */
export const STORED_OVERHEAD_BYTES = MAGIC.length + 1 + STORED.length

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte)
}

/** Bytes that tell by themselves which codec made them: a frame that does so anyway as it is. */
export function describing(codec: string, encoded: Uint8Array): Uint8Array {
  const frame = FRAMES[codec]
  if (frame !== undefined && startsWith(encoded, frame)) return encoded
  const name = Buffer.from(codec, 'ascii')
  const bytes = new Uint8Array(MAGIC.length + 1 + name.byteLength + encoded.byteLength)
  bytes.set([...MAGIC, name.byteLength, ...name])
  bytes.set(encoded, MAGIC.length + 1 + name.byteLength)
  return bytes
}

/**
 * The codec that made `bytes`, and what it made: a view.
 *
 * @throws PackedError FileCorrupted.
 */
export function described(bytes: Uint8Array): { codec: string; encoded: Uint8Array } {
  for (const [codec, frame] of Object.entries(FRAMES)) {
    if (startsWith(bytes, frame)) return { codec, encoded: bytes }
  }
  const nameBytes = bytes[MAGIC.length] ?? 0
  const begin = MAGIC.length + 1 + nameBytes
  if (!startsWith(bytes, MAGIC) || nameBytes === 0 || bytes.byteLength < begin) {
    const shown = Buffer.from(bytes.subarray(0, 8)).toString('hex')
    const message = `Expected a frame of zstd, lz4 or gzip, or of FallbackCompressor, for src but received ${
      bytes.byteLength === 0 ? 'no bytes' : `bytes that begin with ${shown}`
    }`
    throw new PackedError(DAMAGED, message)
  }
  const codec = Buffer.from(bytes.subarray(MAGIC.length + 1, begin)).toString('latin1')
  return { codec, encoded: bytes.subarray(begin) }
}
