import { type DataType, Field, FixedSizeBinary, Float32, Schema, Type } from 'apache-arrow'
import {
  expectBoolean,
  expectId,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectText,
  unexpected,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { NativeQuantizeField } from '../native/index.js'
import {
  ELEMENT_BYTES,
  elementOf,
  FIELD_ID_KEY,
  type IdentifiedSchema,
  identifyFields,
  isFixedSizeBinary,
  isFixedSizeList,
  LARGEST_FIELD_ID,
} from '../schema/index.js'

/** How a field of float32 vectors is stored as codes of 8 bits. */
export interface QuantizeOptions {
  /** Of the field of codes: one that no field of the schema has, least of all the vectors' own. */
  fieldId: number | bigint
  /** Of the field of codes, an Int8Vector (FixedSizeBinary of `dim` bytes); `<field>_int8`. */
  name?: string
  /**
   * What decodes a vector: `'vector'` (default) a float32 of its own, its largest magnitude over
   * 127, in a field of its own; `'segment'` one for all, `maxAbs` over 127, in the footer.
   */
  scale?: 'vector' | 'segment'
  /** Of the field of scales; with scale `'vector'` only, and required there. */
  scaleFieldId?: number | bigint
  /** Of the field of scales; `<field>_scale`. */
  scaleName?: string
  /**
   * The largest magnitude there is, rounded to float32; with scale `'segment'` only, and required
   * there. A number beyond it is InvalidData naming field and row.
   */
  maxAbs?: number
  /** Store the vectors, too; by default the codes take their place. */
  keepOriginal?: boolean
  /** List of float32 only, and required there: every list has this many numbers. */
  dim?: number
}

/** What a writer stores, and what tells the addon. */
export interface QuantizeSettings {
  stored: IdentifiedSchema
  native: NativeQuantizeField[]
}

const KEYS = [
  'fieldId',
  'name',
  'scale',
  'scaleFieldId',
  'scaleName',
  'maxAbs',
  'keepOriginal',
  'dim',
] as const

/** Of float32 whose bytes have 31 bits. */
const MOST_DIM = 2 ** 29 - 1

/**
 * Check the option `quantize` of a writer of the schema `input`.
 *
 * @throws PackedError InvalidArgument, TypeMismatch (no vectors of float32), InvalidSchema (names
 *   that occur twice).
 */
export function resolveQuantize(input: IdentifiedSchema, value: unknown): QuantizeSettings {
  if (value === undefined) return { stored: input, native: [] }
  const native = Object.entries(expectObject(value, 'quantize')).map(([field, options]) =>
    resolveField(input, field, options),
  )
  return { stored: storedSchema(input, native), native }
}

function resolveField(input: IdentifiedSchema, field: string, value: unknown): NativeQuantizeField {
  const where = `quantize.${field}`
  const column = input.schema.fields.find(({ name }) => name === field)
  if (column === undefined) {
    throw unexpected('names of top-level fields of the schema', 'quantize', field)
  }
  const options = expectObject(value, where)
  expectKnownKeys(options, KEYS, where)
  const dim =
    options.dim === undefined
      ? undefined
      : expectInteger(options.dim, `${where}.dim`, { min: 1, max: MOST_DIM })
  dimOf(column, dim)
  const scale = expectOneOf(options.scale, `${where}.scale`, ['vector', 'segment'], 'vector')
  return {
    field,
    name: textOr(options.name, `${where}.name`, `${field}_int8`),
    fieldId: expectOwnId(input, options.fieldId, `${where}.fieldId`),
    keepOriginal: expectBoolean(options.keepOriginal, `${where}.keepOriginal`, false),
    ...(dim === undefined ? {} : { dim }),
    ...(scale === 'segment'
      ? resolveSegmentScale(options, where)
      : resolveVectorScale(input, field, options)),
  }
}

function resolveSegmentScale(
  options: Record<string, unknown>,
  where: string,
): Pick<NativeQuantizeField, 'maxAbs'> {
  for (const key of ['scaleFieldId', 'scaleName'] as const) {
    if (options[key] === undefined) continue
    throw unexpected(`no field of scales with scale 'segment'`, `${where}.${key}`, options[key])
  }
  const bound = typeof options.maxAbs === 'number' ? Math.fround(options.maxAbs) : 0
  if (bound > 0 && Number.isFinite(bound)) return { maxAbs: bound }
  throw unexpected(
    `a number that float32 has above 0, with scale 'segment',`,
    `${where}.maxAbs`,
    options.maxAbs,
  )
}

function resolveVectorScale(
  input: IdentifiedSchema,
  field: string,
  options: Record<string, unknown>,
): Pick<NativeQuantizeField, 'scaleName' | 'scaleFieldId'> {
  const where = `quantize.${field}`
  if (options.maxAbs !== undefined) {
    throw unexpected(`no bound without scale 'segment'`, `${where}.maxAbs`, options.maxAbs)
  }
  return {
    scaleName: textOr(options.scaleName, `${where}.scaleName`, `${field}_scale`),
    scaleFieldId: expectOwnId(input, options.scaleFieldId, `${where}.scaleFieldId`),
  }
}

function textOr(value: unknown, name: string, fallback: string): string {
  return value === undefined ? fallback : expectText(value, name)
}

/** Readers tell columns apart by their ids: codes under that of the vectors would be taken for them. */
function expectOwnId({ schema, ids }: IdentifiedSchema, value: unknown, name: string): bigint {
  const id = expectId(value, name)
  if (id > LARGEST_FIELD_ID) throw unexpected('a number of 31 bits', name, value)
  const owner = schema.fields[ids.indexOf(id)]
  if (owner === undefined) return id
  throw new PackedError(
    'InvalidArgument',
    `Expected a field id of its own for ${name} but received ${id}, which is that of "${owner.name}"`,
    { field: owner.name },
  )
}

/** Numbers in one vector. @param said for lists, and only for them. */
function dimOf({ name, type }: Field, said: number | undefined): number {
  const isList = type.typeId === Type.List && elementOf(type.children[0]!.type) === 'float32'
  const dim = isList
    ? (said ?? 0)
    : said !== undefined
      ? 0
      : isFixedSizeBinary(type)
        ? type.byteWidth / ELEMENT_BYTES.float32
        : isFixedSizeList(type) && elementOf(type.children[0]!.type) === 'float32'
          ? type.listSize
          : 0
  if (Number.isInteger(dim) && dim > 0) return dim
  const expected = isList
    ? 'a dim, as the vectors are lists,'
    : `vectors of float32 (FixedSizeBinary of 4 * dim bytes, FixedSizeList, or with a dim List)`
  throw new PackedError(
    'TypeMismatch',
    `Expected ${expected} for quantize.${name} but received ${isList ? 'none' : type}${!isList && said !== undefined ? ` and the dim ${said}` : ''}`,
    { field: name },
  )
}

/** As `QuantizedSchema` of packed/quantize.h has it: the addon takes columns by their positions. */
function storedSchema(
  { schema }: IdentifiedSchema,
  quantized: readonly NativeQuantizeField[],
): IdentifiedSchema {
  const codesOf = (vectors: Field, { name, fieldId, dim }: NativeQuantizeField): Field =>
    fieldWith(name, new FixedSizeBinary(dimOf(vectors, dim)), fieldId, vectors.nullable)
  const fields = schema.fields.map((field) => {
    const replaced = quantized.find((one) => one.field === field.name && !one.keepOriginal)
    return replaced === undefined ? field : codesOf(field, replaced)
  })
  for (const one of quantized) {
    const vectors = schema.fields.find(({ name }) => name === one.field)!
    if (one.keepOriginal) fields.push(codesOf(vectors, one))
    if (one.scaleName === undefined || one.scaleFieldId === undefined) continue
    fields.push(fieldWith(one.scaleName, new Float32(), one.scaleFieldId, vectors.nullable))
  }
  return identifyFields(new Schema(fields, schema.metadata), false)
}

function fieldWith(name: string, type: DataType, id: bigint, nullable: boolean): Field {
  return new Field(name, type, nullable, new Map([[FIELD_ID_KEY, String(id)]]))
}
