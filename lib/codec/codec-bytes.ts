import { types } from 'node:util'
import { unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { expectAttached } from './expect-attached.js'

/**
 * Bytes that nothing changes while native code reads them: shared and resizable memory is copied.
 *
 * @throws PackedError InvalidArgument, Detached.
 */
export function expectSource(value: unknown, name: string): Uint8Array {
  const bytes = expectBytes(value, name)
  return isOrdinary(bytes.buffer) ? bytes : Uint8Array.from(bytes)
}

/**
 * Memory to write to while `src` is read.
 *
 * @throws PackedError InvalidArgument: shared, resizable or that of `src`; Detached.
 */
export function expectTarget(value: unknown, src: Uint8Array): Uint8Array {
  const bytes = expectBytes(value, 'dst')
  if (!isOrdinary(bytes.buffer)) {
    throw unexpected('memory of a fixed size that no thread shares', 'dst', bytes.buffer)
  }
  const apart =
    bytes.buffer !== src.buffer ||
    bytes.byteOffset >= src.byteOffset + src.byteLength ||
    src.byteOffset >= bytes.byteOffset + bytes.byteLength
  if (apart) return bytes
  throw new PackedError('InvalidArgument', 'Expected other memory for dst but received that of src')
}

/** @throws PackedError InvalidArgument, Detached. */
export function expectBytes(value: unknown, name: string): Uint8Array {
  if (!types.isUint8Array(value)) throw unexpected('a Uint8Array', name, value)
  if (value.byteLength === 0) expectAttached(value, name)
  return value
}

function isOrdinary(buffer: ArrayBufferLike): boolean {
  return types.isArrayBuffer(buffer) && !('resizable' in buffer && buffer.resizable === true)
}
