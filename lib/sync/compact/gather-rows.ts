import {
  type Binary,
  type Bool,
  type Data,
  type Float64,
  type List,
  makeData,
  RecordBatch,
  Struct,
  Type,
} from 'apache-arrow'
import { PackedError } from '../../errors/index.js'
import { type ArrowRecord, SimpleArrowRecord } from '../../schema/index.js'

/** Above, a value is copied by `set`, below in words or bytes. */
const MOST_LOOPED_BYTES = 64
const MOST_OFFSET = 2 ** 31 - 1

/** Which rows: row `rows[i]` of source `sources[i]`. */
export interface RowPicks {
  readonly sources: Uint32Array
  readonly rows: Uint32Array
}

/**
 * Rows of several records of one schema, in any order and as often as they are named, copied into
 * memory of JavaScript's own.
 *
 * @throws PackedError UnsupportedType for a column that no collection has.
 */
export function gatherRecord(records: readonly ArrowRecord[], picks: RowPicks): ArrowRecord {
  const { schema } = records[0]!
  const batches = records.map((record) => record.toBatch().data.children)
  const children = schema.fields.map((_, column) =>
    gatherColumn(
      batches.map((columns) => columns[column]!),
      picks,
    ),
  )
  const length = picks.rows.length
  const data = makeData({ type: new Struct(schema.fields), length, nullCount: 0, children })
  return new SimpleArrowRecord(new RecordBatch(schema, data))
}

/** As {@link gatherRecord}, of one column. */
export function gatherColumn(columns: readonly Data[], picks: RowPicks): Data {
  const { type } = columns[0]!
  const common = { length: picks.rows.length, ...validityOf(columns, picks) }
  switch (type.typeId as Type) {
    case Type.Bool:
      return makeData({
        ...common,
        type: type as Bool,
        data: gatherBits(columns, picks, bitsOfValues),
      })
    case Type.Int:
    case Type.Float:
    case Type.FixedSizeBinary:
      return makeData({
        ...common,
        type: type as Float64,
        data: gatherFixed(columns, picks) as Float64Array,
      })
    case Type.Utf8:
    case Type.Binary:
      return makeData({ ...common, type: type as Binary, ...gatherBytes(columns, picks) })
    case Type.List:
      return makeData({ ...common, type: type as List, ...gatherLists(columns, picks) })
    default: {
      const message = `Expected a type that rows can be picked of but received ${type}`
      throw new PackedError('UnsupportedType', message)
    }
  }
}

type Bits = (column: Data) => Uint8Array | undefined

const bitsOfValues: Bits = ({ values }) => values as Uint8Array
const bitsOfValidity: Bits = (column) => (column.nullCount > 0 ? column.nullBitmap : undefined)

function validityOf(
  columns: readonly Data[],
  picks: RowPicks,
): { nullCount: number; nullBitmap?: Uint8Array } {
  if (columns.every((column) => column.nullCount === 0)) return { nullCount: 0 }
  return { nullCount: -1, nullBitmap: gatherBits(columns, picks, bitsOfValidity) }
}

/** A column without bits has them all set. */
function gatherBits(
  columns: readonly Data[],
  { sources, rows }: RowPicks,
  bitsOf: Bits,
): Uint8Array {
  const bits = columns.map(bitsOf)
  const picked = new Uint8Array(Math.ceil(rows.length / 8))
  for (let i = 0; i < rows.length; i++) {
    const source = sources[i]!
    const from = bits[source]
    const at = columns[source]!.offset + rows[i]!
    const isSet = from === undefined || ((from[at >> 3]! >> (at & 7)) & 1) === 1
    if (isSet) picked[i >> 3]! |= 1 << (i & 7)
  }
  return picked
}

type Values = Uint8Array | Int8Array | Float32Array | Float64Array | BigInt64Array

function gatherFixed(columns: readonly Data[], picks: RowPicks): Values {
  const [{ values, stride }] = columns as [Data]
  const Picked = (values as Values).constructor as new (length: number) => Values
  const picked = new Picked(picks.rows.length * stride)
  const width = stride * (values as Values).BYTES_PER_ELEMENT
  const inputs = columns.map((column) => column.values as Values)
  if (width > MOST_LOOPED_BYTES) copyLarge(bytesOf(picked), inputs.map(bytesOf), picks, width)
  else if (width % 4 === 0 && inputs.every(({ byteOffset }) => byteOffset % 4 === 0)) {
    copyUnits(wordsOf(picked), inputs.map(wordsOf), picks, width / 4)
  } else copyUnits(bytesOf(picked), inputs.map(bytesOf), picks, width)
  return picked
}

function bytesOf({ buffer, byteOffset, byteLength }: Values): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function wordsOf({ buffer, byteOffset, byteLength }: Values): Int32Array {
  return new Int32Array(buffer, byteOffset, byteLength >> 2)
}

function copyLarge(
  target: Uint8Array,
  inputs: readonly Uint8Array[],
  { sources, rows }: RowPicks,
  width: number,
): void {
  for (let i = 0; i < rows.length; i++) {
    const from = rows[i]! * width
    target.set(inputs[sources[i]!]!.subarray(from, from + width), i * width)
  }
}

/** `units` array elements per row. */
function copyUnits<T extends Uint8Array | Int32Array>(
  target: T,
  inputs: readonly T[],
  { sources, rows }: RowPicks,
  units: number,
): void {
  let to = 0
  for (let i = 0; i < rows.length; i++) {
    const input = inputs[sources[i]!]!
    let from = rows[i]! * units
    for (let end = from + units; from < end; from++) target[to++] = input[from]!
  }
}

/** Offsets of the picked rows, each with what it spans in its source; null rows span nothing. */
function gatherOffsets(columns: readonly Data[], { sources, rows }: RowPicks): Int32Array {
  const offsets = new Int32Array(rows.length + 1)
  let end = 0
  for (let i = 0; i < rows.length; i++) {
    const { valueOffsets } = columns[sources[i]!]!
    const row = rows[i]!
    end += Number(valueOffsets[row + 1]) - Number(valueOffsets[row])
    if (end > MOST_OFFSET) {
      const message = `Expected at most ${MOST_OFFSET} bytes in a column of a batch but received more`
      throw new PackedError('NotSupported', message)
    }
    offsets[i + 1] = end
  }
  return offsets
}

function gatherBytes(
  columns: readonly Data[],
  picks: RowPicks,
): { valueOffsets: Int32Array; data: Uint8Array } {
  const { sources, rows } = picks
  const valueOffsets = gatherOffsets(columns, picks)
  const data = new Uint8Array(valueOffsets[rows.length]!)
  for (let i = 0; i < rows.length; i++) {
    const column = columns[sources[i]!]!
    const values = column.values as Uint8Array
    let from = Number(column.valueOffsets[rows[i]!])
    let to = valueOffsets[i]!
    const end = valueOffsets[i + 1]!
    if (end - to > MOST_LOOPED_BYTES) data.set(values.subarray(from, from + end - to), to)
    else while (to < end) data[to++] = values[from++]!
  }
  return { valueOffsets, data }
}

function gatherLists(
  columns: readonly Data[],
  picks: RowPicks,
): { valueOffsets: Int32Array; child: Data } {
  const valueOffsets = gatherOffsets(columns, picks)
  const count = valueOffsets[picks.rows.length]!
  const sources = new Uint32Array(count)
  const rows = new Uint32Array(count)
  for (let i = 0; i < picks.rows.length; i++) {
    const source = picks.sources[i]!
    let from = Number(columns[source]!.valueOffsets[picks.rows[i]!])
    const end = valueOffsets[i + 1]!
    for (let at = valueOffsets[i]!; at < end; at++) {
      sources[at] = source
      rows[at] = from++
    }
  }
  const children = columns.map((column) => column.children[0]!)
  return { valueOffsets, child: gatherColumn(children, { sources, rows }) }
}
