/** Fields of every data type that is a column, and values for them. */
import fc from 'fast-check'
import {
  type CollectionSchema,
  createCollectionSchema,
  type FieldInit,
} from '../../lib/schema/index.js'

/** Values by the names of fields. */
export type Row = Record<string, unknown>

export const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 0n, 9007199254740993n),
)
const integer = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
const float = fc.oneof(fc.float(), fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, 2 ** -149))
export const text = fc.oneof(
  fc.string({ unit: 'binary' }).filter((value) => !/\p{Surrogate}/u.test(value)),
  fc.constantFrom('', '\ufeffmark', '👩‍👩‍👧', '数据', '\0', 'x'.repeat(5000)),
)
const floats = (dim: number) =>
  fc.array(float, { minLength: dim, maxLength: dim }).map((values) => Float32Array.from(values))
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const halves = (dim: number) => fc.uint16Array({ minLength: dim, maxLength: dim })
const json = fc.dictionary(
  fc.string({ maxLength: 5 }).filter((key) => key !== '__proto__'),
  fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n }),
  ),
)
const sparse = fc
  .uniqueArray(fc.integer({ min: 0, max: 2 ** 32 - 2 }), { maxLength: 6 })
  .chain((indices) =>
    fc
      .array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
        minLength: indices.length,
        maxLength: indices.length,
      })
      .map(
        (values) => new Map(indices.sort((a, b) => a - b).map((index, i) => [index, values[i]!])),
      ),
  )
const array = (values: fc.Arbitrary<unknown>) => fc.array(values, { maxLength: 5 })

/** A field of every data type that is a column, and values of it as `rowsOf` gives them. */
function everyType(dim: number): [Omit<FieldInit, 'name'>, fc.Arbitrary<unknown>][] {
  const bits = dim * 8
  return [
    [{ dataType: 'Bool' }, fc.boolean()],
    [{ dataType: 'Int8' }, integer(8)],
    [{ dataType: 'Int16' }, integer(16)],
    [{ dataType: 'Int32' }, integer(32)],
    [{ dataType: 'Int64' }, int64],
    [{ dataType: 'Timestamptz' }, int64],
    [{ dataType: 'Float' }, float],
    [{ dataType: 'Double' }, fc.double()],
    [{ dataType: 'String' }, text],
    [{ dataType: 'VarChar', maxLength: 65535 }, text],
    [{ dataType: 'Text' }, text],
    [{ dataType: 'JSON' }, json],
    [{ dataType: 'Geometry' }, fc.uint8Array({ maxLength: 30 })],
    [{ dataType: 'Array', elementType: 'Bool', maxCapacity: 10 }, array(fc.boolean())],
    [{ dataType: 'Array', elementType: 'Int8', maxCapacity: 10 }, array(integer(8))],
    [{ dataType: 'Array', elementType: 'Int16', maxCapacity: 10 }, array(integer(16))],
    [{ dataType: 'Array', elementType: 'Int32', maxCapacity: 10 }, array(integer(32))],
    [{ dataType: 'Array', elementType: 'Int64', maxCapacity: 10 }, array(int64)],
    [{ dataType: 'Array', elementType: 'Float', maxCapacity: 10 }, array(float)],
    [{ dataType: 'Array', elementType: 'Double', maxCapacity: 10 }, array(fc.double())],
    [{ dataType: 'Array', elementType: 'VarChar', maxCapacity: 10, maxLength: 65535 }, array(text)],
    [{ dataType: 'FloatVector', dim }, floats(dim)],
    [{ dataType: 'Float16Vector', dim }, halves(dim)],
    [{ dataType: 'BFloat16Vector', dim }, halves(dim)],
    [{ dataType: 'Int8Vector', dim }, bytes(dim).map((b) => new Int8Array(b.buffer, 0, dim))],
    [{ dataType: 'BinaryVector', dim: bits }, bytes(dim)],
    [{ dataType: 'SparseFloatVector' }, sparse],
    [
      { dataType: 'ArrayOfVector', elementType: 'FloatVector', dim, maxCapacity: 10 },
      array(floats(dim)),
    ],
    [
      { dataType: 'ArrayOfVector', elementType: 'Int8Vector', dim, maxCapacity: 10 },
      array(bytes(dim).map((b) => new Int8Array(b.buffer, 0, dim))),
    ],
  ]
}

/** Every type twice: never null, and nullable. */
export function everyField(dim: number): { schema: CollectionSchema; row: fc.Arbitrary<Row> } {
  const fields: FieldInit[] = [{ name: 'pk', dataType: 'Int64', isPrimaryKey: true }]
  const values: Record<string, fc.Arbitrary<unknown>> = { pk: int64 }
  everyType(dim).forEach(([init, value], index) => {
    for (const nullable of [false, true]) {
      const name = `${init.dataType}_${index}${nullable ? '_n' : ''}`
      fields.push({ ...init, name, nullable })
      values[name] = nullable ? fc.option(value) : value
    }
  })
  return { schema: createCollectionSchema({ name: 'all', fields }), row: fc.record(values) }
}
