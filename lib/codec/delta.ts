import { types } from 'node:util'
import { unexpected } from '../config/index.js'
import { expectAttached } from './expect-attached.js'

/**
 * Differences between neighbours, which are small where values are sorted or regular; the first
 * value as it is. Differences that an int64 cannot hold wrap around, and `deltaDecode` restores them
 * all the same. In memory only: in files it is Parquet's DELTA_BINARY_PACKED.
 *
 * @param values any number of int64; a view of part of a buffer is taken, too.
 * @param target what to write to, of the same length: `values` itself, or other memory.
 * @returns `target`, a new array where there is none.
 * @throws PackedError InvalidArgument, Detached.
 */
export function deltaEncode(values: BigInt64Array, target?: BigInt64Array): BigInt64Array {
  const deltas = targetFor(values, 'values', target)
  let before = 0n
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    // `asIntN` is what V8 knows 64-bit arithmetic by; without it every difference is an object.
    deltas[i] = BigInt.asIntN(64, value - before)
    before = value
  }
  return deltas
}

/**
 * The values whose differences `deltaEncode` gave; arguments and errors as there.
 *
 * @example
 * deltaDecode(deltaEncode(BigInt64Array.of(5n, 7n, 6n))) // 5n, 7n, 6n
 */
export function deltaDecode(deltas: BigInt64Array, target?: BigInt64Array): BigInt64Array {
  const values = targetFor(deltas, 'deltas', target)
  let value = 0n
  for (let i = 0; i < deltas.length; i++) {
    value = BigInt.asIntN(64, value + deltas[i]!)
    values[i] = value
  }
  return values
}

function targetFor(
  source: BigInt64Array,
  name: string,
  target: BigInt64Array | undefined,
): BigInt64Array {
  expectInt64(source, name)
  if (target === undefined) return new BigInt64Array(source.length)
  expectInt64(target, 'target')
  if (target.length === source.length) return target
  throw unexpected(`${source.length} values`, 'target', target.length)
}

function expectInt64(values: unknown, name: string): void {
  if (!types.isBigInt64Array(values)) throw unexpected('a BigInt64Array', name, values)
  expectAttached(values, name)
}
