import { deflateSync, inflateSync } from 'node:zlib'
import type { BytesCodec } from '../../lib/codec/index.js'

/** A codec of somebody's own, which works; with `changes` one that does something else. */
export function ownCodec(changes: Partial<BytesCodec> = {}): BytesCodec {
  return {
    name: 'deflate',
    encode: async (src) => Uint8Array.from(deflateSync(src)),
    decode: async (src) => Uint8Array.from(inflateSync(src)),
    ...changes,
  }
}

/** Words that compress well, different for every seed. */
export function words(bytes: number, seed = 0): Uint8Array {
  const text = Array.from({ length: bytes / 3 + 1 }, (_, i) => `w${(i * 7 + seed) % 97} `).join('')
  return Uint8Array.from(Buffer.from(text.slice(0, bytes), 'ascii'))
}

/** Bytes that no codec makes smaller. */
export function noise(bytes: number): Uint8Array {
  let state = 2463534242
  return Uint8Array.from({ length: bytes }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state & 0xff
  })
}

/** A view whose memory is gone. */
export function detachedBytes(): Uint8Array {
  const bytes = new Uint8Array(8)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  return bytes
}
