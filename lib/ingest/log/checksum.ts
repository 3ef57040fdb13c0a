import { setImmediate as nextTurn } from 'node:timers/promises'
import { crc32c } from '@node-rs/crc32'

/** What is checksummed without a break: about 3 ms. */
const SLICE_BYTES = 8 << 20

/** CRC32C of all parts together; others get their turn in between. */
export async function checksumOf(parts: readonly Uint8Array[]): Promise<number> {
  let crc = 0
  let unbroken = 0
  for (const part of parts) {
    for (let at = 0; at < part.byteLength; ) {
      const step = Math.min(SLICE_BYTES - unbroken, part.byteLength - at)
      crc = crc32c(part.subarray(at, at + step), crc)
      at += step
      unbroken += step
      if (unbroken < SLICE_BYTES) continue
      await nextTurn()
      unbroken = 0
    }
  }
  return crc
}
