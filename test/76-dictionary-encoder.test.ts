/** Values numbered in the order of their appearance, and what Arrow makes of them. */
import { Table, tableFromIPC, tableToIPC } from 'apache-arrow'
import fc from 'fast-check'
import { DictionaryEncoder, type DictionaryValue } from '../lib/codec/index.js'
import { rejection } from './support/rejection.js'

test('values have ids in the order of their appearance, null has -1', () => {
  const encoder = new DictionaryEncoder<string>()
  expect(encoder.encode(['a', null, 'b', 'a', undefined])).toEqual(Int32Array.of(0, -1, 1, 0, -1))
  expect(encoder.encode(['c', 'b'])).toEqual(Int32Array.of(2, 1))
  expect(encoder.values).toEqual(['a', 'b', 'c'])
  expect(encoder.decode(Int32Array.of(2, -1, 0))).toEqual(['c', null, 'a'])
  encoder.clear()
  expect(encoder.encode([])).toEqual(new Int32Array(0))
  expect(encoder.values).toEqual([])
})

test('numbers are told apart by their bits, bytes by what they hold', () => {
  const numbers = new DictionaryEncoder<number>()
  expect(numbers.encode([0, -0, Number.NaN, Number.NaN, 0])).toEqual(Int32Array.of(0, 1, 2, 2, 0))
  expect(numbers.values).toEqual([0, -0, Number.NaN])
  const bytes = new DictionaryEncoder<Uint8Array>()
  const lent = Uint8Array.of(1, 200)
  expect(bytes.encode([lent, Buffer.from([1, 200]), new Uint8Array(0)])).toEqual(
    Int32Array.of(0, 0, 1),
  )
  lent[0] = 9
  expect(bytes.values).toEqual([Uint8Array.of(1, 200), new Uint8Array(0)])
})

const kinds: Record<string, fc.Arbitrary<DictionaryValue>> = {
  text: fc.string({ unit: 'grapheme', maxLength: 2 }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  double: fc.double(),
  flag: fc.boolean(),
  bytes: fc.uint8Array({ maxLength: 2 }),
}

test.each(Object.entries(kinds))(
  '%s comes back, also through Arrow and its IPC form',
  (_, kind) => {
    const some = fc.array(fc.option(kind), { maxLength: 40 })
    fc.assert(
      fc.property(some, some, (first, second) => {
        const encoder = new DictionaryEncoder()
        const ids = Int32Array.from([...encoder.encode(first), ...encoder.encode(second)])
        const all = [...first, ...second]
        expect(encoder.decode(ids)).toEqual(all)
        const vector = encoder.toVector(ids)
        expect([vector.length, vector.nullCount]).toEqual([
          all.length,
          all.filter((value) => value === null).length,
        ])
        expect(Array.from(vector)).toEqual(all)
        const table = tableFromIPC(tableToIPC(new Table({ column: vector }), 'file'))
        expect(Array.from(table.getChild('column') ?? [])).toEqual(all)
      }),
      { numRuns: 60 },
    )
  },
)

test('only nulls are a column of nulls', () => {
  const vector = new DictionaryEncoder<string>().toVector(Int32Array.of(-1, -1))
  expect([...vector]).toEqual([null, null])
})

test('a failure leaves the dictionary as it was', async () => {
  const encoder = new DictionaryEncoder<DictionaryValue>({ maxValues: 3 })
  encoder.encode(['a', 'b'])
  const full = await rejection(async () => encoder.encode(['c', 'a', 'd']))
  expect([full.code, full.field, full.message]).toEqual([
    'OutOfMemory',
    '2',
    'Expected at most 3 distinct values but received another one at position 2',
  ])
  const mixed = await rejection(async () => encoder.encode(['d', 7]))
  expect([mixed.code, mixed.message]).toEqual([
    'TypeMismatch',
    'Expected string for the value at position 1 but received number',
  ])
  expect(encoder.values).toEqual(['a', 'b'])
  expect(encoder.encode(['e'])).toEqual(Int32Array.of(2))
})

test('what Arrow cannot hold is refused, and so are ids without a value', async () => {
  const refused = async (value: unknown) =>
    (await rejection(async () => new DictionaryEncoder().encode([value as string]))).message
  expect(await refused(2n ** 63n)).toBe(
    'Expected an int64 for the value at position 0 but received 9223372036854775808',
  )
  expect(await refused('\ud800')).toMatch(/text that UTF-8 can hold .* half a character/)
  expect(await refused({})).toMatch(/a string, number, bigint, boolean or Uint8Array .* object/)
  expect(await refused(new Float32Array(1))).toMatch(/received object/)
  const encoder = new DictionaryEncoder<string>()
  encoder.encode(['a'])
  for (const id of [1, -2]) {
    for (const use of [
      () => encoder.decode(Int32Array.of(id)),
      () => encoder.toVector(Int32Array.of(0, id)),
    ]) {
      expect((await rejection(async () => use())).message).toMatch(
        /Expected -1 or an id below 1 for ids/,
      )
    }
  }
  const misspelled = await rejection(async () => new DictionaryEncoder({ maxValue: 1 } as never))
  expect(misspelled.message).toMatch(/Did you mean "maxValues"/)
})
