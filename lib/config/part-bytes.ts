import { expectInteger } from './expect.js'

const MIB = 2 ** 20
/** Bytes of a part where nobody says it, as Milvus has it. */
export const DEFAULT_PART_BYTES = 10 * MIB
const LEAST_PART_BYTES = 5 * MIB
const MOST_PART_BYTES = 5 * 1024 * MIB

/** A program that opens a thousand writers is told once per thread of JavaScript. */
let warned = false

/**
 * Bytes of one part of a multipart upload. What S3 does not take becomes 10 MiB, as in Milvus,
 * with a process warning of code `ARROW_PACKED_PART_BYTES`.
 *
 * @throws PackedError InvalidArgument where it is no integer.
 */
export function resolvePartBytes(value: unknown, name: string): number {
  const bytes = expectInteger(value, name, {
    min: Number.MIN_SAFE_INTEGER,
    fallback: DEFAULT_PART_BYTES,
  })
  if (bytes >= LEAST_PART_BYTES && bytes <= MOST_PART_BYTES) return bytes
  if (!warned) {
    warned = true
    process.emitWarning(
      `Expected 5 MiB to 5 GiB for ${name} but received ${bytes} bytes: parts have 10 MiB`,
      { code: 'ARROW_PACKED_PART_BYTES' },
    )
  }
  return DEFAULT_PART_BYTES
}
