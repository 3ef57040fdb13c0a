import { describeValue, expectOptions } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { type DataType, dataTypeName } from './data-type.js'
import {
  type ScalarSlot,
  type ScalarValue,
  scalarSlotOf,
  VALID_DATA_NUMBER,
} from './scalar-kinds.js'

/** Options of {@link encodeScalarField}. */
export interface ScalarFieldOptions {
  /** Elements may be null; their validity is stored even when none is. */
  elementNullable?: boolean | undefined
}

/** Bytes that are measured before they are written: a value is allocated once. */
interface Payload {
  bytes: number
  write(target: Uint8Array, at: number): void
}

/** Tag of a length-delimited field number 1: `data` of every element array. */
const DATA_TAG = 0x0a

/** Up to so many letters of ASCII are written one by one. */
const QUICK_LETTERS = 32

/**
 * One value of an Array column: its elements as a `schemapb.ScalarField`.
 *
 * Written by hand, since it runs once per row: generated messages take two to three times as
 * long. Null elements are zeros or empty strings in `data`, as Milvus stores them, and false in
 * `valid_data`.
 *
 * @param values elements; any array, typed arrays included. Int64 takes bigint and safe integers.
 * @throws PackedError TypeMismatch for an element of another type, InvalidData for an integer out
 *   of range and for a null that is not allowed, UnsupportedType for what no Array holds.
 */
export function encodeScalarField(
  elementType: DataType,
  values: ArrayLike<ScalarValue | null>,
  options: ScalarFieldOptions = {},
): Uint8Array {
  const { elementNullable = false } = expectOptions(
    options,
    ['elementNullable'],
    'encodeScalarField',
  )
  const slot = scalarSlotOf(elementType)
  const elements = { type: elementType, values, nullable: elementNullable }
  const payload = payloadOf(elements, slot)
  const validity = elementNullable ? values.length : 0
  const validityBytes = validity === 0 ? 0 : 2 + varintBytes(validity, 0) + validity
  const head = 1 + varintBytes(payload.bytes, 0)
  const target = new Uint8Array(head + payload.bytes + validityBytes)
  let at = writeVarint(target, 0, tagOf(slot.number), 0)
  at = writeVarint(target, at, payload.bytes, 0)
  payload.write(target, at)
  if (validity > 0) writeValidity(target, at + payload.bytes, values)
  return target
}

interface Elements {
  type: DataType
  values: ArrayLike<ScalarValue | null>
  nullable: boolean
}

function payloadOf(elements: Elements, slot: ScalarSlot): Payload {
  switch (slot.kind) {
    case 'bool':
      return packed(bools(elements))
    case 'varint':
      return packed(varints(elements, slot.bits))
    case 'float':
      return packed(numbers(elements, 4))
    case 'double':
      return packed(numbers(elements, 8))
    case 'string':
      return strings(elements)
  }
}

/** A packed repeated field; nothing at all when it has no elements. */
function packed(content: Payload): Payload {
  if (content.bytes === 0) return content
  const head = 1 + varintBytes(content.bytes, 0)
  return {
    bytes: head + content.bytes,
    write(target, at) {
      target[at] = DATA_TAG
      content.write(target, writeVarint(target, at + 1, content.bytes, 0))
    },
  }
}

function bools({ type, values, nullable }: Elements): Payload {
  const bytes = new Uint8Array(values.length)
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    if (value === null) refuseNull(nullable, index)
    else if (typeof value !== 'boolean') throw mismatch(type, index, value)
    bytes[index] = value ? 1 : 0
  }
  return { bytes: bytes.length, write: (target, at) => target.set(bytes, at) }
}

/** Integers as pairs of 32-bit halves, least first, sign-extended: what a varint is made of. */
function varints(elements: Elements, bits: number): Payload {
  const halves = bits === 64 ? halvesOfInt64(elements) : halvesOfInt32(elements, bits)
  let bytes = 0
  for (let index = 0; index < halves.length; index += 2) {
    bytes += varintBytes(halves[index]!, halves[index + 1]!)
  }
  return {
    bytes,
    write(target, at) {
      let next = at
      for (let index = 0; index < halves.length; index += 2) {
        next = writeVarint(target, next, halves[index]!, halves[index + 1]!)
      }
    },
  }
}

function halvesOfInt32({ type, values, nullable }: Elements, bits: number): Uint32Array {
  const halves = new Uint32Array(values.length * 2)
  const limit = 2 ** (bits - 1)
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    if (value === null) refuseNull(nullable, index)
    else if (typeof value !== 'number') throw mismatch(type, index, value)
    else if (!Number.isInteger(value) || value < -limit || value >= limit) {
      throw outOfRange(type, index, value)
    }
    const integer = Number(value)
    halves[index * 2] = integer
    halves[index * 2 + 1] = integer < 0 ? -1 : 0
  }
  return halves
}

function halvesOfInt64({ type, values, nullable }: Elements): Uint32Array {
  const integers = new BigInt64Array(values.length)
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    if (value === null) refuseNull(nullable, index)
    else if (typeof value === 'bigint') {
      integers[index] = value
      if (integers[index] !== value) throw outOfRange(type, index, value)
    } else if (typeof value !== 'number') throw mismatch(type, index, value)
    else if (Number.isSafeInteger(value)) integers[index] = BigInt(value)
    else throw outOfRange(type, index, value)
  }
  return new Uint32Array(integers.buffer)
}

function numbers({ type, values, nullable }: Elements, width: 4 | 8): Payload {
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    if (value === null) refuseNull(nullable, index)
    else if (typeof value !== 'number') throw mismatch(type, index, value)
  }
  return {
    bytes: values.length * width,
    write(target, at) {
      const view = new DataView(target.buffer, target.byteOffset + at)
      for (let index = 0; index < values.length; index++) {
        const value = values[index] as number | null
        if (width === 4) view.setFloat32(index * 4, value ?? 0, true)
        else view.setFloat64(index * 8, value ?? 0, true)
      }
    },
  }
}

function strings({ type, values, nullable }: Elements): Payload {
  const lengths = new Uint32Array(values.length)
  let bytes = 0
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    if (value === null) refuseNull(nullable, index)
    else if (typeof value !== 'string') throw mismatch(type, index, value)
    lengths[index] = value === null ? 0 : Buffer.byteLength(value)
    bytes += 1 + varintBytes(lengths[index]!, 0) + lengths[index]!
  }
  return {
    bytes,
    write(target, at) {
      let next = at
      for (let index = 0; index < values.length; index++) {
        target[next] = DATA_TAG
        next = writeVarint(target, next + 1, lengths[index]!, 0)
        writeText(target, next, (values[index] ?? '') as string, lengths[index]!)
        next += lengths[index]!
      }
    },
  }
}

/** Letter by letter where that is quicker than a call out of JavaScript. */
function writeText(target: Uint8Array, at: number, text: string, bytes: number): void {
  if (bytes === text.length && bytes <= QUICK_LETTERS) {
    for (let index = 0; index < bytes; index++) target[at + index] = text.charCodeAt(index)
  } else {
    Buffer.from(target.buffer, target.byteOffset + at, bytes).write(text)
  }
}

function writeValidity(target: Uint8Array, at: number, values: ArrayLike<unknown>): void {
  let next = writeVarint(target, at, tagOf(VALID_DATA_NUMBER), 0)
  next = writeVarint(target, next, values.length, 0)
  for (let index = 0; index < values.length; index++) {
    target[next + index] = values[index] === null ? 0 : 1
  }
}

/** Tag of a length-delimited field. */
function tagOf(number: number): number {
  return (number << 3) | 2
}

function varintBytes(low: number, high: number): number {
  const bits = high === 0 ? 32 - Math.clz32(low) : 64 - Math.clz32(high)
  return bits === 0 ? 1 : Math.ceil(bits / 7)
}

function writeVarint(target: Uint8Array, at: number, low: number, high: number): number {
  let [rest, over, next] = [low, high, at]
  while (over !== 0 || rest > 127) {
    target[next++] = (rest & 127) | 128
    rest = ((rest >>> 7) | (over << 25)) >>> 0
    over >>>= 7
  }
  target[next++] = rest
  return next
}

function refuseNull(nullable: boolean, index: number): void {
  if (nullable) return
  const message = `Expected no null where elements are not nullable but received one at ${index}`
  throw new PackedError('InvalidData', message)
}

function mismatch(type: DataType, index: number, value: unknown): PackedError {
  return elementError('TypeMismatch', type, index, value)
}

function outOfRange(type: DataType, index: number, value: unknown): PackedError {
  return elementError('InvalidData', type, index, value)
}

function elementError(
  code: 'TypeMismatch' | 'InvalidData',
  type: DataType,
  index: number,
  value: unknown,
): PackedError {
  const received = describeValue(value)
  return new PackedError(
    code,
    `Expected ${dataTypeName(type)} for element ${index} but received ${received}`,
  )
}
