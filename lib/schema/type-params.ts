import { describeValue, expectObject, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { FieldSchema } from './collection-schema.js'
import { DataType, dataTypeName, isDenseVector } from './data-type.js'
import { schemaError } from './schema-error.js'

/** Most numbers that Milvus takes in one vector. */
const LARGEST_DIM = 32_768

/** Bits, so eight times as many bytes as a vector of bytes has. */
const LARGEST_BINARY_DIM = LARGEST_DIM * 8

/** Bits of one number of a dense vector. */
const ELEMENT_BITS: ReadonlyMap<DataType, number> = new Map([
  [DataType.BinaryVector, 1],
  [DataType.FloatVector, 32],
  [DataType.Float16Vector, 16],
  [DataType.BFloat16Vector, 16],
  [DataType.Int8Vector, 8],
])

/** Parameters as text, as Milvus keeps them; absent ones are left out. */
export function paramsOf(value: unknown, name: string): Readonly<Record<string, string>> {
  if (value === undefined) return Object.freeze({})
  const entries = Object.entries(expectObject(value, name)).map(([key, param]) => {
    if (!['string', 'number', 'bigint', 'boolean'].includes(typeof param)) {
      throw unexpected('a string, number or boolean', `${name}.${key}`, param)
    }
    return [key, String(param)] as const
  })
  return Object.freeze(Object.fromEntries(entries))
}

/**
 * Numbers in a vector of a dense vector or ArrayOfVector field; bits of a BinaryVector.
 *
 * @throws PackedError InvalidSchema when `dim` is missing or out of range, or when the field has
 *   no such vectors.
 */
export function dimOf(field: FieldSchema): number {
  const vector = vectorTypeOf(field)
  const text = field.typeParams.dim
  const largest = vector === DataType.BinaryVector ? LARGEST_BINARY_DIM : LARGEST_DIM
  const dim = positiveInteger(text)
  if (dim !== undefined && dim <= largest) return dim
  throw schemaError(`a type parameter dim of 1 to ${largest}`, field.name, text)
}

/**
 * Bytes of one vector of a dense vector or ArrayOfVector field; bits are rounded up to bytes.
 *
 * @throws PackedError InvalidSchema as {@link dimOf} does.
 */
export function vectorWidthBytes(field: FieldSchema): number {
  return Math.ceil((dimOf(field) * ELEMENT_BITS.get(vectorTypeOf(field))!) / 8)
}

/** Numbers of a dense vector of so many bytes. */
export function dimOfWidth(vector: DataType, widthBytes: number): number {
  return Math.floor((widthBytes * 8) / (ELEMENT_BITS.get(vector) ?? 8))
}

/** The dense vector type that a field, or the elements of a field, have. */
function vectorTypeOf(field: FieldSchema): DataType {
  expectObject(field, 'field')
  const { name, dataType, elementType } = field
  const type = dataType === DataType.ArrayOfVector ? elementType : dataType
  if (isDenseVector(type)) return type
  throw new PackedError(
    'InvalidSchema',
    `Expected dense vectors for field "${name}" but received ${dataTypeName(type) ?? type}`,
    { field: name },
  )
}

/** The type parameters that are counts, each of them optional: positive where they are there. */
export function checkCounts(
  owner: string,
  params: Readonly<Record<string, string>>,
  names: readonly string[],
): void {
  for (const name of names) {
    const text = params[name]
    if (text === undefined || positiveInteger(text) !== undefined) continue
    throw new PackedError(
      'InvalidSchema',
      `Expected a positive integer for the type parameter ${name} of field "${owner}" but ` +
        `received ${describeValue(text)}`,
      { field: owner },
    )
  }
}

function positiveInteger(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined
  const number = Number(text)
  return number > 0 ? number : undefined
}
