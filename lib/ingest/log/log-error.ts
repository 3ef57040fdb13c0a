import { PackedError } from '../../errors/index.js'

/** The error for a log that cannot be read, saying where. */
export function damagedLog(
  path: string,
  offset: number,
  expected: string,
  received: string,
): PackedError {
  const message = `Expected ${expected} at offset ${offset} of "${path}" but received ${received}`
  return new PackedError('FileCorrupted', message, { path })
}
