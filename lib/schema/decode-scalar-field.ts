import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { PackedError } from '../errors/index.js'
import { type DataType, dataTypeName } from './data-type.js'
import { type ScalarValue, scalarSlotOf, VALID_DATA_NUMBER } from './scalar-kinds.js'

/** Elements of each `data` of a ScalarField, by its field number. */
type ElementReader = (reader: BinaryReader) => ScalarValue | Uint8Array

const READERS: ReadonlyMap<number, [wireType: WireType, read: ElementReader]> = new Map<
  number,
  [WireType, ElementReader]
>([
  [1, [WireType.Varint, (reader) => reader.bool()]],
  [2, [WireType.Varint, (reader) => reader.int32()]],
  [3, [WireType.Varint, (reader) => BigInt(reader.int64())]],
  [4, [WireType.Bit32, (reader) => reader.float()]],
  [5, [WireType.Bit64, (reader) => reader.double()]],
  [6, [WireType.LengthDelimited, (reader) => reader.string()]],
  [7, [WireType.LengthDelimited, (reader) => reader.bytes()]],
  [9, [WireType.LengthDelimited, (reader) => reader.bytes()]],
  [10, [WireType.LengthDelimited, (reader) => reader.bytes()]],
  [11, [WireType.Varint, (reader) => BigInt(reader.int64())]],
])

/**
 * The elements of one value of an Array column.
 *
 * Int8, Int16 and Int32 are numbers, Int64 and Timestamptz bigint. Null elements are null,
 * whether `data` has a place for them (as stored) or not (as sent).
 *
 * @param bytes a `schemapb.ScalarField`; no bytes are no elements.
 * @param elementType refuse elements of another type.
 * @throws PackedError InvalidData for bytes that are no such message, TypeMismatch for elements
 *   of another type.
 */
export function decodeScalarField(
  bytes: Uint8Array,
  elementType?: DataType,
): (ScalarValue | Uint8Array | null)[] {
  const { number, values, validity } = readMessage(bytes)
  if (elementType !== undefined && number !== undefined) {
    if (scalarSlotOf(elementType).number !== number) {
      throw new PackedError(
        'TypeMismatch',
        `Expected an Array of ${dataTypeName(elementType)} but received elements of field number ` +
          `${number} of ScalarField`,
      )
    }
  }
  return validity.length === 0 ? values : withNulls(values, validity)
}

interface Decoded {
  /** Field number of the elements; undefined when the message has none. */
  number: number | undefined
  values: (ScalarValue | Uint8Array)[]
  validity: boolean[]
}

function readMessage(bytes: Uint8Array): Decoded {
  const decoded: Decoded = { number: undefined, values: [], validity: [] }
  try {
    const reader = new BinaryReader(bytes)
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag()
      const known = READERS.get(number)
      if (number === VALID_DATA_NUMBER) {
        readRepeated(reader, wireType, WireType.Varint, (from) => {
          decoded.validity.push(from.bool())
        })
      } else if (known !== undefined && wireType === WireType.LengthDelimited) {
        // Parts of one message are merged; another member of the oneof takes its place.
        if (number !== decoded.number) decoded.values = []
        decoded.number = number
        readElements(reader.bytes(), known, decoded.values)
      } else {
        reader.skip(wireType, number)
      }
    }
  } catch (error) {
    throw new PackedError('InvalidData', 'Expected a ScalarField but received other bytes', {
      cause: error,
    })
  }
  return decoded
}

function readElements(
  bytes: Uint8Array,
  [elementType, read]: [WireType, ElementReader],
  values: (ScalarValue | Uint8Array)[],
): void {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag()
    if (number !== 1) reader.skip(wireType, number)
    else readRepeated(reader, wireType, elementType, (from) => values.push(read(from)))
  }
}

/** One element, or several in packed form; readers have to take both. */
function readRepeated(
  reader: BinaryReader,
  wireType: WireType,
  elementType: WireType,
  readOne: (from: BinaryReader) => void,
): void {
  if (wireType === elementType) {
    readOne(reader)
    return
  }
  if (wireType !== WireType.LengthDelimited) throw new TypeError(`wire type ${wireType}`)
  const packed = new BinaryReader(reader.bytes())
  while (packed.pos < packed.len) readOne(packed)
}

function withNulls(
  values: readonly (ScalarValue | Uint8Array)[],
  validity: readonly boolean[],
): (ScalarValue | Uint8Array | null)[] {
  if (values.length === validity.length) {
    return values.map((value, index) => (validity[index] ? value : null))
  }
  const valid = validity.filter(Boolean).length
  if (values.length !== valid) {
    throw new PackedError(
      'InvalidData',
      `Expected ${validity.length} elements, or the ${valid} valid ones, but received ` +
        `${values.length}`,
    )
  }
  let next = 0
  return validity.map((isValid) => (isValid ? values[next++]! : null))
}
