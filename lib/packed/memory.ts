import { expectInteger } from '../config/index.js'
import { callSync } from '../native/index.js'

/** Memory of this library, in bytes. */
export interface MemoryUsage {
  /** Native memory in use now, by every environment of the process. */
  poolBytes: number
  /** The most it ever was. */
  poolPeakBytes: number
  /** Native memory lent to JavaScript by this environment and not yet given back. */
  lentBytes: number
  /** JavaScript memory that writes in flight borrow. */
  borrowedBytes: number
  /** Operations in flight in this environment. */
  pending: number
}

/** What this library holds now. */
export function memoryUsage(): MemoryUsage {
  return callSync((addon) => addon.memoryUsage())
}

/**
 * Native memory as an ArrayBuffer, zeroed and 64-byte aligned: a write borrows it without a
 * copy, and it stays valid for the write whatever JavaScript does with the ArrayBuffer meanwhile.
 *
 * @throws PackedError InvalidArgument, OutOfMemory.
 */
export function allocate(bytes: number): ArrayBuffer {
  const size = expectInteger(bytes, 'bytes')
  return callSync((addon) => addon.allocate(size))
}
