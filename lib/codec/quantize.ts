import { types } from 'node:util'
import {
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectSignal,
  unexpected,
} from '../config/index.js'
import {
  callAsync,
  type FlatBatch,
  type NativeField,
  type NativeQuantized,
  withAbort,
} from '../native/index.js'
import { expectAttached } from './expect-attached.js'

/** Float32 vectors to quantize. */
export interface VectorsToQuantize {
  /** `rows * dim` finite numbers, row by row; lent until the promise settles. */
  values: Float32Array
  /** Numbers in one vector. */
  dim: number
  /**
   * What a code of 1 stands for: `'vector'` (default) for each vector its own largest magnitude
   * over 127, `'segment'` that of all values, or a number (rounded to float32) for all; then 127
   * times it is the largest magnitude that is taken.
   */
  scale?: 'vector' | 'segment' | number
  signal?: AbortSignal
}

/** Vectors as codes of 8 bits: a number is `codes[i] * scale`, in float32. */
export interface QuantizedVectors {
  /** `rows * dim` codes from -127 to 127, row by row. */
  codes: Int8Array
  dim: number
  /** One for each row, or one for all. 0 for a vector of zeros. */
  scales: Float32Array
  /** The largest difference of a number and what it is decoded to: at most half its scale. */
  maxError: number
}

/** What `dequantizeVectors` takes: the result of `quantizeVectors`, or its like. */
export interface VectorsToDequantize extends Pick<QuantizedVectors, 'codes' | 'dim' | 'scales'> {
  /** Not looked at. */
  maxError?: number
  signal?: AbortSignal
}

const QUANTIZE_KEYS = ['values', 'dim', 'scale', 'signal'] as const
const DEQUANTIZE_KEYS = ['codes', 'dim', 'scales', 'maxError', 'signal'] as const
const FLOAT_BYTES = 4
/** Arrow counts the bytes of a vector by int32. */
const MOST_DIM = Math.floor((2 ** 31 - 1) / FLOAT_BYTES)

/**
 * Quantize vectors to 8 bits a number, symmetric and linear, off the JavaScript thread. Lossy:
 * `maxError` says by how much at most. In files: `quantize` of a writer.
 *
 * @throws PackedError InvalidArgument, InvalidData naming the row (NaN, an infinity, a number
 *   beyond the scale), Detached. The signal's reason when it is aborted.
 *
 * @example
 * const quantized = await quantizeVectors({ values, dim: 768 })
 * const nearly = await dequantizeVectors(quantized)
 */
export async function quantizeVectors(vectors: VectorsToQuantize): Promise<QuantizedVectors> {
  const given = expectObject(vectors, 'quantizeVectors')
  expectKnownKeys(given, QUANTIZE_KEYS, 'quantizeVectors')
  const { values } = given
  if (!types.isFloat32Array(values)) throw unexpected('a Float32Array', 'values', values)
  expectAttached(values, 'values')
  const dim = expectDim(given.dim, values.length, 'values')
  const scale = expectScale(given.scale)
  const { schema, batch } = columnsOf(values.length / dim, dim * FLOAT_BYTES, values)
  const native = await withAbort(expectSignal(given.signal, 'signal'), (flag) =>
    callAsync<NativeQuantized>((addon, done) =>
      addon.quantizeVectors(addon.importSchema(schema), batch, scale, flag, done),
    ),
  )
  const { codes, scales, maxError } = native
  return {
    codes: new Int8Array(codes.buffer, codes.byteOffset, codes.byteLength),
    dim,
    scales: floatsOf(scales),
    maxError,
  }
}

/**
 * The numbers that codes stand for, off the JavaScript thread; exactly what any reader computes as
 * `code * scale` in float32.
 *
 * @throws PackedError InvalidArgument, InvalidData (a scale that is not finite), Detached. The
 *   signal's reason when it is aborted.
 */
export async function dequantizeVectors(vectors: VectorsToDequantize): Promise<Float32Array> {
  const given = expectObject(vectors, 'dequantizeVectors')
  expectKnownKeys(given, DEQUANTIZE_KEYS, 'dequantizeVectors')
  const { codes, scales } = given
  if (!types.isInt8Array(codes)) throw unexpected('an Int8Array', 'codes', codes)
  if (!types.isFloat32Array(scales)) throw unexpected('a Float32Array', 'scales', scales)
  expectAttached(codes, 'codes')
  expectAttached(scales, 'scales')
  const dim = expectDim(given.dim, codes.length, 'codes')
  const rows = codes.length / dim
  if (scales.length !== rows && scales.length !== 1) {
    throw unexpected(`one scale or ${rows}`, 'scales.length', scales.length)
  }
  // One row with one scale is either.
  const each = scales.length === rows
  const { schema, batch } = columnsOf(rows, dim, codes, each ? scales : undefined)
  const one = each ? 0 : expectFinite(scales[0]!)
  const values = await withAbort(expectSignal(given.signal, 'signal'), (flag) =>
    callAsync<Uint8Array>((addon, done) =>
      addon.dequantizeVectors(addon.importSchema(schema), batch, one, flag, done),
    ),
  )
  return floatsOf(values)
}

function expectDim(value: unknown, length: number, name: string): number {
  const dim = expectInteger(value, 'dim', { min: 1, max: MOST_DIM })
  if (length % dim === 0) return dim
  throw unexpected(`a multiple of dim (${dim})`, `${name}.length`, length)
}

function expectScale(value: unknown): 'vector' | 'segment' | number {
  if (value === undefined) return 'vector'
  if (value === 'vector' || value === 'segment') return value
  const scale = typeof value === 'number' ? Math.fround(value) : 0
  if (scale > 0 && Number.isFinite(Math.fround(scale * 127))) return scale
  throw unexpected("'vector', 'segment' or a number that float32 has above 0", 'scale', value)
}

function expectFinite(scale: number): number {
  if (Number.isFinite(scale)) return scale
  throw unexpected('a finite scale', 'scales[0]', scale)
}

/** Rows of some bytes each and, for each, a number: as the addon takes columns. */
function columnsOf(
  rows: number,
  bytes: number,
  values: ArrayBufferView,
  numbers?: Float32Array,
): { schema: { fields: NativeField[]; metadata: string[] }; batch: FlatBatch } {
  const columns = [{ format: `w:${bytes}`, data: values }]
  if (numbers !== undefined) columns.push({ format: 'f', data: numbers })
  const fields = columns.map(({ format }, index) => ({
    name: String(index),
    format,
    nullable: false,
    metadata: [],
    children: [],
    dictionary: null,
    dictionaryOrdered: false,
    keysSorted: false,
  }))
  const nodes = Float64Array.from(columns.flatMap(() => [rows, 0, 0, 2]))
  const buffers = columns.flatMap(({ data }) => [null, data])
  return { schema: { fields, metadata: [] }, batch: { rows, nodes, buffers } }
}

function floatsOf({ buffer, byteOffset, byteLength }: Uint8Array): Float32Array {
  return new Float32Array(buffer, byteOffset, byteLength / FLOAT_BYTES)
}
