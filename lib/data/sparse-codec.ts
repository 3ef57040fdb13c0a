import { describeValue } from '../config/index.js'
import { typedArrayTag } from './column-input.js'
import type { Refuse } from './data-error.js'

/** Bytes of one pair: uint32 index, float32 value, little endian. */
export const SPARSE_PAIR_BYTES = 8

/** Milvus keeps the greatest uint32 for itself. */
const LARGEST_INDEX = 2 ** 32 - 2

/** What a sparse vector has to be, as errors say it. */
export const SPARSE_EXPECTED =
  'a sparse vector ({ index: value }, Map, [[index, value], …] or bytes)'

type Pair = readonly [index: number, value: number]

/**
 * The bytes of a sparse vector: pairs in ascending order of their index.
 *
 * @returns undefined for what is no sparse vector.
 */
export function encodeSparse(value: unknown, refuse: Refuse): Uint8Array | undefined {
  if (typedArrayTag(value) === 'Uint8Array') {
    const bytes = value as Uint8Array
    const problem = sparseProblem(bytes)
    if (problem !== undefined) throw refuse('sorted pairs of uint32 and finite float32', problem)
    return bytes
  }
  const entries = entriesOf(value)
  if (entries === undefined) return undefined
  const pairs = entries.map((entry) => checkedPair(entry, refuse)).sort(([a], [b]) => a - b)
  const bytes = new Uint8Array(pairs.length * SPARSE_PAIR_BYTES)
  const view = new DataView(bytes.buffer)
  pairs.forEach(([index, weight], position) => {
    if (index === pairs[position - 1]?.[0]) throw refuse('every index once', `${index} twice`)
    view.setUint32(position * SPARSE_PAIR_BYTES, index, true)
    view.setFloat32(position * SPARSE_PAIR_BYTES + 4, weight, true)
  })
  return bytes
}

/** Index to value, in ascending order of the index. */
export function decodeSparse(bytes: Uint8Array): Map<number, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pairs = new Map<number, number>()
  for (let at = 0; at + SPARSE_PAIR_BYTES <= bytes.length; at += SPARSE_PAIR_BYTES) {
    pairs.set(view.getUint32(at, true), view.getFloat32(at + 4, true))
  }
  return pairs
}

/** What is wrong with the bytes of a sparse vector, undefined when nothing is. */
export function sparseProblem(bytes: Uint8Array): string | undefined {
  if (bytes.length % SPARSE_PAIR_BYTES !== 0) return `${bytes.length} bytes`
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let before = -1
  for (let at = 0; at < bytes.length; at += SPARSE_PAIR_BYTES) {
    const index = view.getUint32(at, true)
    if (index <= before) return `index ${index} after ${before}`
    if (index > LARGEST_INDEX) return `index ${index}`
    const value = view.getFloat32(at + 4, true)
    if (!Number.isFinite(value)) return `${value} at index ${index}`
    before = index
  }
  return undefined
}

/** Numbers that a sparse vector spans: its greatest index plus one. */
export function sparseDim(bytes: Uint8Array): number {
  if (bytes.length < SPARSE_PAIR_BYTES) return 0
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getUint32(bytes.length - SPARSE_PAIR_BYTES, true) + 1
}

function entriesOf(value: unknown): unknown[] | undefined {
  if (Array.isArray(value)) return value
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return undefined
  if (Object.prototype.toString.call(value) === '[object Map]') {
    return [...(value as Map<unknown, unknown>)]
  }
  return Object.entries(value).map(([key, weight]) => [
    /^\d+$/.test(key) ? Number(key) : key,
    weight,
  ])
}

function checkedPair(entry: unknown, refuse: Refuse): Pair {
  const [index, value] = Array.isArray(entry) && entry.length === 2 ? entry : [undefined, undefined]
  if (!Number.isInteger(index) || index < 0 || index > LARGEST_INDEX) {
    throw refuse(`an index of 0 to ${LARGEST_INDEX}`, describeValue(index ?? entry))
  }
  if (typeof value !== 'number' || !Number.isFinite(Math.fround(value))) {
    throw refuse(`a finite float32 at index ${index}`, describeValue(value))
  }
  return [index, value]
}
