import type { Data } from 'apache-arrow'
import { describeValue } from '../config/index.js'
import { badColumn } from './data-error.js'
import type { ColumnInput, OffsetsAndBytes, TypedValues } from './field-data.js'

/** A column input, told apart. */
export type ReadInput =
  | { kind: 'rows'; rows: readonly unknown[] }
  | { kind: 'typed'; values: TypedValues; validity: Uint8Array | null }
  | { kind: 'bytes'; offsets: Int32Array; bytes: Uint8Array; validity: Uint8Array | null }
  | { kind: 'arrow'; chunks: readonly Data[] }

interface Loose {
  values?: unknown
  offsets?: unknown
  bytes?: unknown
  validity?: unknown
  data?: unknown
  type?: { typeId?: unknown }
}

/** Tag of a typed array (`'Int8Array'`), the same in every realm; '' for anything else. */
export function typedArrayTag(value: unknown): string {
  if (!ArrayBuffer.isView(value)) return ''
  return (value as TypedValues)[Symbol.toStringTag] ?? ''
}

/** @throws PackedError TypeMismatch for what is no column, Detached for one that is gone. */
export function readColumnInput(field: string, input: ColumnInput): ReadInput {
  const read = tellApart(field, input)
  if (viewsOf(read).some((view) => ArrayBuffer.isView(view) && isDetached(view.buffer))) {
    throw badColumn(
      field,
      'a column in memory',
      'one whose buffer was transferred away',
      'Detached',
    )
  }
  return read
}

function viewsOf(read: ReadInput): readonly unknown[] {
  switch (read.kind) {
    case 'rows':
      return []
    case 'typed':
      return [read.values, read.validity]
    case 'bytes':
      return [read.offsets, read.bytes, read.validity]
    case 'arrow':
      return read.chunks.flatMap((data) => [data.values, data.valueOffsets, data.nullBitmap])
  }
}

/** A transferred buffer looks like an empty one: its rows would be missing without a word. */
function isDetached(buffer: ArrayBufferLike): boolean {
  if (buffer.byteLength > 0) return false
  // ArrayBuffer.prototype.detached is not in Node 20.
  try {
    new Uint8Array(buffer)
    return false
  } catch {
    return true
  }
}

function tellApart(field: string, input: ColumnInput): ReadInput {
  if (Array.isArray(input)) return { kind: 'rows', rows: input }
  if (typedArrayTag(input) !== '') {
    return { kind: 'typed', values: input as TypedValues, validity: null }
  }
  const column = (typeof input === 'object' && input !== null ? input : {}) as Loose
  if (column.type?.typeId !== undefined) {
    const chunks = Array.isArray(column.data) ? (column.data as Data[]) : [input as Data]
    return { kind: 'arrow', chunks }
  }
  if (
    typedArrayTag(column.offsets) === 'Int32Array' &&
    typedArrayTag(column.bytes) === 'Uint8Array'
  ) {
    const { offsets, bytes } = input as OffsetsAndBytes
    return { kind: 'bytes', offsets, bytes, validity: validityOf(field, column.validity) }
  }
  if (typedArrayTag(column.values) !== '') {
    const validity = validityOf(field, column.validity)
    return { kind: 'typed', values: column.values as TypedValues, validity }
  }
  throw badColumn(
    field,
    'an array, a typed array, { values, validity }, { offsets, bytes } or Arrow data',
    describeValue(input),
    'TypeMismatch',
  )
}

function validityOf(field: string, value: unknown): Uint8Array | null {
  if (value === undefined || value === null) return null
  if (typedArrayTag(value) === 'Uint8Array') return value as Uint8Array
  throw badColumn(field, 'a Uint8Array as validity', describeValue(value), 'TypeMismatch')
}

/** Refuse offsets that run backwards or out of the bytes. */
export function checkOffsets(field: string, offsets: Int32Array, byteLength: number): void {
  if (offsets.length === 0) throw badColumn(field, 'at least one offset', 'none')
  let before = offsets[0]!
  let bad = before < 0 ? 0 : -1
  for (let i = 1; i < offsets.length && bad < 0; i++) {
    const offset = offsets[i]!
    if (offset < before) bad = i
    before = offset
  }
  if (bad < 0 && before > byteLength) bad = offsets.length - 1
  if (bad < 0) return
  throw badColumn(
    field,
    `ascending offsets of at most ${byteLength}`,
    `${offsets[bad]} as offset ${bad}`,
  )
}
