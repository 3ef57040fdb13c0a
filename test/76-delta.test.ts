/** Differences of int64 in memory, and back. */
import fc from 'fast-check'
import { deltaDecode, deltaEncode } from '../lib/codec/index.js'
import { rejection } from './support/rejection.js'

const MIN = -(2n ** 63n)
const MAX = 2n ** 63n - 1n

test('are what is between neighbours', () => {
  const values = BigInt64Array.of(5n, 7n, 6n, 6n, -1n)
  expect(deltaEncode(values)).toEqual(BigInt64Array.of(5n, 2n, -1n, 0n, -7n))
  expect(deltaDecode(BigInt64Array.of(5n, 2n, -1n, 0n, -7n))).toEqual(values)
  expect(deltaEncode(new BigInt64Array(0))).toEqual(new BigInt64Array(0))
})

test('wrap where an int64 cannot hold them, and come back exactly', () => {
  const values = BigInt64Array.of(MIN, MAX, MIN, 0n, MAX, -1n, MIN)
  expect(deltaEncode(values).slice(0, 3)).toEqual(BigInt64Array.of(MIN, -1n, 1n))
  expect(deltaDecode(deltaEncode(values))).toEqual(values)
})

/** As the definition has it, one bigint after the other. */
function slowly(values: BigInt64Array): BigInt64Array {
  return values.map((value, at) => BigInt.asIntN(64, value - (at === 0 ? 0n : values[at - 1]!)))
}

test('of any values are those of the definition, in place and through views, too', () => {
  const int64 = fc.oneof(
    fc.bigInt({ min: MIN, max: MAX }),
    fc.bigInt({ min: -3n, max: 3n }),
    fc.constantFrom(MIN, MAX, 2n ** 32n, 2n ** 32n - 1n, -(2n ** 32n)),
  )
  fc.assert(
    fc.property(fc.array(int64), fc.nat(3), (numbers, offset) => {
      const values = BigInt64Array.from(numbers)
      const memory = new BigInt64Array(values.length + offset)
      const view = memory.subarray(offset)
      view.set(values)
      expect(deltaEncode(view)).toEqual(slowly(values))
      expect(deltaEncode(view, view)).toBe(view)
      expect(view).toEqual(slowly(values))
      deltaDecode(view, view)
      expect(view).toEqual(values)
      expect(memory.subarray(0, offset)).toEqual(new BigInt64Array(offset))
    }),
    { numRuns: 500 },
  )
})

test('anything but int64, and a target of another length, is refused', async () => {
  for (const [code, name] of [
    [deltaEncode, 'values'],
    [deltaDecode, 'deltas'],
  ] as const) {
    const wrong = await rejection(async () => code([1n] as never))
    expect([wrong.code, wrong.message]).toEqual([
      'InvalidArgument',
      `Expected a BigInt64Array for ${name} but received an array of length 1`,
    ])
    const unsigned = await rejection(async () => code(new BigUint64Array(1) as never))
    expect(unsigned.code).toBe('InvalidArgument')
    const short = await rejection(async () => code(new BigInt64Array(3), new BigInt64Array(2)))
    expect(short.message).toBe('Expected 3 values for target but received 2 (number)')
    const gone = new BigInt64Array(2)
    structuredClone(gone.buffer, { transfer: [gone.buffer] })
    expect((await rejection(async () => code(gone))).code).toBe('Detached')
  }
})
