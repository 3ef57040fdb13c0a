import {
  type Data,
  type DataType,
  type DateUnit,
  type Decimal,
  type TimeUnit,
  Type,
  util,
} from 'apache-arrow'
import { PackedError } from '../errors/index.js'
import { dateValueText, decimalText, timestampText, timeText } from './time-text.js'

/** What the bytes of a fixed_size_binary column are printed as. */
export const VECTOR_FORMS = ['base64', 'hex', 'float32', 'float16', 'bfloat16', 'int8'] as const
export type VectorText = (typeof VECTOR_FORMS)[number]

export interface CellStyle {
  vectors: VectorText
  /** JSON knows no NaN and no infinity: null there, their names elsewhere. */
  nonFinite: 'null' | 'name'
}

/** Text of the values of one column of one batch. */
export interface CellText {
  /** The text is a string to JSON, not a number, an array or the like. */
  quoted: boolean
  /** Undefined for a null. */
  at(row: number): string | undefined
}

/** Values by row, nulls aside. */
type TextOf = (row: number) => string | undefined

interface CellValues {
  quoted: boolean
  of: TextOf
}

/** @throws PackedError UnsupportedType; Parquet cannot hold such a type. */
export function cellText(data: Data, style: CellStyle): CellText {
  const { quoted, of } = valueText(data, style)
  return { quoted, at: (row) => (data.getValid(row) ? of(row) : undefined) }
}

/** The JSON of a cell, `null` included. */
export function jsonText(cell: CellText, row: number): string {
  const text = cell.at(row)
  if (text === undefined) return 'null'
  return cell.quoted ? JSON.stringify(text) : text
}

function valueText(data: Data, style: CellStyle): CellValues {
  switch (data.typeId) {
    case Type.Utf8:
    case Type.LargeUtf8:
      return { quoted: true, of: bytesAt(data, (bytes) => bytes.toString('utf8')) }
    case Type.Binary:
    case Type.LargeBinary:
      return { quoted: true, of: bytesAt(data, (bytes) => bytes.toString('base64')) }
    case Type.FixedSizeBinary:
      return fixedBytesText(data, style)
    case Type.List:
    case Type.FixedSizeList:
      return { quoted: false, of: listText(data, style) }
    case Type.Struct:
      return { quoted: false, of: structText(data, style) }
    case Type.Map:
      return { quoted: false, of: mapText(data, style) }
    case Type.Date:
    case Type.Time:
    case Type.Timestamp:
      return { quoted: true, of: temporalText(data) }
    case Type.Dictionary: {
      const values = cellText(data.dictionary!.data[0]!, style)
      return { quoted: values.quoted, of: (row) => values.at(Number(data.values[row])) }
    }
    default:
      return { quoted: false, of: numberText(data, style) }
  }
}

function numberText(data: Data, { nonFinite }: CellStyle): TextOf {
  const { values, type } = data
  switch (data.typeId) {
    case Type.Null:
      return () => undefined
    case Type.Bool:
      return (row) => {
        const bit = data.offset + row
        return (values[bit >> 3] >> (bit & 7)) & 1 ? 'true' : 'false'
      }
    case Type.Int:
    case Type.Duration:
      return (row) => String(values[row])
    case Type.Decimal: {
      const { scale, bitWidth } = type as Decimal
      const words = bitWidth / 32
      return (row) => {
        const word = values.subarray(row * words, (row + 1) * words) as Uint32Array
        return decimalText(signedInteger(word), scale)
      }
    }
    case Type.Float: {
      const single = (type as DataType & { precision: number }).precision === 1
      const half = (type as DataType & { precision: number }).precision === 0
      return (row) => {
        const value: number = half ? util.uint16ToFloat64(values[row]) : values[row]
        return floatText(value, single, nonFinite)
      }
    }
  }
  throw new PackedError(
    'UnsupportedType',
    `Expected a type that Parquet holds but received ${type}`,
  )
}

/** Little-endian words in two's complement. */
function signedInteger(words: Uint32Array): bigint {
  let value = 0n
  for (let i = words.length - 1; i >= 0; i--) value = (value << 32n) | BigInt(words[i]!)
  return BigInt.asIntN(words.length * 32, value)
}

/** The fewest of 7 to 9 digits that give a float32 back; a double prints itself. */
function floatText(value: number, single: boolean, nonFinite: 'null' | 'name'): string | undefined {
  if (!Number.isFinite(value)) return nonFinite === 'name' ? String(value) : undefined
  if (Object.is(value, -0)) return '-0'
  if (!single || Number.isInteger(value)) return String(value)
  for (let digits = 7; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return String(short)
  }
  return String(Number(value.toPrecision(9)))
}

function temporalText(data: Data): TextOf {
  const { values, type } = data
  const { unit, timezone } = type as DataType & { unit: number; timezone?: string | null }
  switch (data.typeId) {
    case Type.Date:
      return (row) => dateValueText(BigInt(values[row]), unit as DateUnit)
    case Type.Time:
      return (row) => timeText(BigInt(values[row]), unit as TimeUnit)
    default: {
      const utc = timezone !== null && timezone !== undefined && timezone !== ''
      return (row) => timestampText(BigInt(values[row]), unit as TimeUnit, utc)
    }
  }
}

function bytesAt(data: Data, text: (bytes: Buffer) => string): TextOf {
  const { valueOffsets: offsets, values } = data
  return (row) => {
    const start = Number(offsets[row])
    const length = Number(offsets[row + 1]) - start
    return text(Buffer.from(values.buffer, values.byteOffset + start, length))
  }
}

function fixedBytesText(data: Data, { vectors }: CellStyle): CellValues {
  const { byteWidth } = data.type as DataType & { byteWidth: number }
  const values = data.values as Uint8Array
  const bytesOf = (row: number): Buffer =>
    Buffer.from(values.buffer, values.byteOffset + row * byteWidth, byteWidth)
  return vectorText(bytesOf, byteWidth, vectors)
}

/** The bytes of vectors of `byteWidth` in a form; base64 where its numbers do not fill them. */
function vectorText(
  bytesOf: (row: number) => Buffer,
  byteWidth: number,
  form: VectorText,
): CellValues {
  if (form === 'hex') return { quoted: true, of: (row) => bytesOf(row).toString('hex') }
  const width = { base64: 0, float32: 4, float16: 2, bfloat16: 2, int8: 1 }[form]
  if (width === 0 || byteWidth % width !== 0) {
    return { quoted: true, of: (row) => bytesOf(row).toString('base64') }
  }
  const numberAt = ELEMENT_READERS[form as keyof typeof ELEMENT_READERS]
  const single = form !== 'int8'
  const of: TextOf = (row) => {
    const bytes = bytesOf(row)
    const numbers: string[] = []
    for (let at = 0; at < byteWidth; at += width) {
      numbers.push(floatText(numberAt(bytes, at), single, 'null') ?? 'null')
    }
    return `[${numbers.join(',')}]`
  }
  return { quoted: false, of }
}

/** Text of a column of binary whose values are vectors of `byteWidth`, or null. */
export function binaryVectorText(data: Data, byteWidth: number, form: VectorText): CellText {
  const { valueOffsets: offsets, values } = data
  const bytesOf = (row: number): Buffer =>
    Buffer.from(values.buffer, values.byteOffset + Number(offsets[row]), byteWidth)
  const { quoted, of } = vectorText(bytesOf, byteWidth, form)
  return { quoted, at: (row) => (data.getValid(row) ? of(row) : undefined) }
}

const ELEMENT_READERS = {
  float32: (bytes: Buffer, at: number) => bytes.readFloatLE(at),
  float16: (bytes: Buffer, at: number) => util.uint16ToFloat64(bytes.readUInt16LE(at)),
  bfloat16: (bytes: Buffer, at: number) => {
    const widened = Buffer.alloc(4)
    widened.writeUInt16LE(bytes.readUInt16LE(at), 2)
    return widened.readFloatLE(0)
  },
  int8: (bytes: Buffer, at: number) => bytes.readInt8(at),
}

/** Nested values are JSON wherever they stand. */
function nested(data: Data, style: CellStyle): CellText {
  return cellText(data, { ...style, nonFinite: 'null' })
}

function listText(data: Data, style: CellStyle): TextOf {
  const items = nested(data.children[0]!, style)
  const { listSize } = data.type as DataType & { listSize?: number }
  const offsets = data.valueOffsets
  return (row) => {
    const start = listSize === undefined ? Number(offsets[row]) : row * listSize
    const end = listSize === undefined ? Number(offsets[row + 1]) : start + listSize
    const texts: string[] = []
    for (let item = start; item < end; item++) texts.push(jsonText(items, item))
    return `[${texts.join(',')}]`
  }
}

function structText(data: Data, style: CellStyle): TextOf {
  const members = data.type.children.map((field: { name: string }, index: number) => ({
    key: JSON.stringify(field.name),
    cell: nested(data.children[index]!, style),
  }))
  return (row) =>
    `{${members.map(({ key, cell }: (typeof members)[number]) => `${key}:${jsonText(cell, row)}`).join(',')}}`
}

/** Keys may be anything and may repeat, which an object could not hold: `[[key, value], …]`. */
function mapText(data: Data, style: CellStyle): TextOf {
  const entries = data.children[0]!
  const [keys, values] = entries.children.map((child) => nested(child, style))
  const offsets = data.valueOffsets
  return (row) => {
    const texts: string[] = []
    for (let entry = Number(offsets[row]); entry < Number(offsets[row + 1]); entry++) {
      texts.push(`[${jsonText(keys!, entry)},${jsonText(values!, entry)}]`)
    }
    return `[${texts.join(',')}]`
  }
}
