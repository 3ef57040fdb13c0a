import {
  Binary,
  Bool,
  type DataType,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  Utf8,
} from 'apache-arrow'
import { expectString } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'

const SCALARS = {
  int8: () => new Int8(),
  int16: () => new Int16(),
  int32: () => new Int32(),
  int64: () => new Int64(),
  float32: () => new Float32(),
  float64: () => new Float64(),
  bool: () => new Bool(),
  utf8: () => new Utf8(),
  binary: () => new Binary(),
  json: () => new Utf8(),
} satisfies Record<string, () => DataType>

const VECTORS = {
  float32: (dim: number) => new FixedSizeList(dim, new Field('item', new Float32(), false)),
  int8: (dim: number) => new FixedSizeList(dim, new Field('item', new Int8(), false)),
  binary: (dim: number) => new FixedSizeBinary(dim),
} satisfies Record<string, (dim: number) => DataType>

export type ScalarName = keyof typeof SCALARS
export type VectorElementName = keyof typeof VECTORS

/** What a column of NDJSON or CSV becomes, by the name that {@link parseColumnType} reads. */
export type ColumnType =
  | { kind: 'scalar'; name: ScalarName; nullable: boolean }
  | { kind: 'vector'; name: VectorElementName; dim: number; nullable: boolean }

const isScalar = (name: string): name is ScalarName => Object.hasOwn(SCALARS, name)
const isVector = (name: string): name is VectorElementName => Object.hasOwn(VECTORS, name)

/**
 * `int64`, `float32[128]`, `utf8!`, …: `!` is never null, `?` may be null. Without a mark scalars
 * may be null and vectors may not: Milvus stores only vectors that are always there as such.
 *
 * @throws PackedError InvalidArgument.
 */
export function parseColumnType(text: string): ColumnType {
  expectString(text, 'text')
  const [, name = '', size, mark] = /^(\w+)(?:\[(\d{1,7})\])?([!?])?$/.exec(text) ?? []
  if (size === undefined && isScalar(name)) {
    return { kind: 'scalar', name, nullable: mark !== '!' }
  }
  const dim = Number(size)
  if (dim > 0 && isVector(name)) return { kind: 'vector', name, dim, nullable: mark === '?' }
  const known = [...Object.keys(SCALARS), ...Object.keys(VECTORS).map((item) => `${item}[n]`)]
  const message = `Expected one of ${known.join(', ')} as a type but received "${text}"`
  throw new PackedError('InvalidArgument', message)
}

/** The form that {@link parseColumnType} reads, without marks. */
export function columnTypeName(type: ColumnType): string {
  return type.kind === 'scalar' ? type.name : `${type.name}[${type.dim}]`
}

export function arrowTypeOf(type: ColumnType): DataType {
  return type.kind === 'scalar' ? SCALARS[type.name]() : VECTORS[type.name](type.dim)
}

export function fieldOf(name: string, type: ColumnType): Field {
  return new Field(name, arrowTypeOf(type), type.nullable)
}
