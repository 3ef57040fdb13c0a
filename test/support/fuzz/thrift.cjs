/**
 * Thrift's compact protocol as a tree that can be changed and written again: what Parquet's footers
 * and page headers are in. A struct is `{ fields: [{ id, type, value }] }`, a list `{ element, items }`,
 * a map `{ key, element, entries }`; integers are BigInt, binary a Buffer, true and false a boolean.
 */

const TYPE = {
  true: 1,
  false: 2,
  byte: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
}
const MOST_DEPTH = 32

class Decoder {
  constructor(bytes, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  byte() {
    if (this.at >= this.bytes.length) throw new RangeError('Expected more bytes of Thrift')
    return this.bytes[this.at++]
  }

  varint() {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte()
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new RangeError('Expected a varint of at most ten bytes')
  }

  integer() {
    const value = this.varint()
    return (value >> 1n) ^ -(value & 1n)
  }

  raw(length) {
    if (length > this.bytes.length - this.at) throw new RangeError('Expected more bytes of Thrift')
    this.at += length
    return Buffer.from(this.bytes.subarray(this.at - length, this.at))
  }

  value(type, depth) {
    if (depth > MOST_DEPTH) throw new RangeError('Expected less depth')
    if (type === TYPE.true || type === TYPE.false) return this.byte() === TYPE.true
    if (type === TYPE.byte) return BigInt(this.byte())
    if (type >= TYPE.i16 && type <= TYPE.i64) return this.integer()
    if (type === TYPE.double) return this.raw(8)
    if (type === TYPE.binary) return this.raw(Number(this.varint()))
    if (type === TYPE.list || type === TYPE.set) return this.list(depth)
    if (type === TYPE.map) return this.map(depth)
    if (type === TYPE.struct) return this.struct(depth + 1)
    throw new RangeError(`Expected a type of Thrift but received ${type}`)
  }

  list(depth) {
    const head = this.byte()
    const element = head & 15
    const length = head >> 4 === 15 ? Number(this.varint()) : head >> 4
    const items = []
    for (let i = 0; i < length; i++) items.push(this.value(element, depth + 1))
    return { element, items }
  }

  map(depth) {
    const length = Number(this.varint())
    if (length === 0) return { key: 0, element: 0, entries: [] }
    const types = this.byte()
    const [key, element] = [types >> 4, types & 15]
    const entries = []
    for (let i = 0; i < length; i++) {
      entries.push([this.value(key, depth + 1), this.value(element, depth + 1)])
    }
    return { key, element, entries }
  }

  struct(depth = 0) {
    const fields = []
    for (let last = 0; ; ) {
      const head = this.byte()
      if (head === 0) return { fields }
      const id = head >> 4 === 0 ? Number(this.integer()) : last + (head >> 4)
      const type = head & 15
      const flag = type === TYPE.true || type === TYPE.false
      fields.push({ id, type, value: flag ? type === TYPE.true : this.value(type, depth) })
      last = id
    }
  }
}

class Encoder {
  #bytes = []

  varint(value) {
    let rest = BigInt.asUintN(64, value)
    for (; rest > 0x7fn; rest >>= 7n) this.#bytes.push(Number(rest & 0x7fn) | 0x80)
    this.#bytes.push(Number(rest))
  }

  integer(value) {
    this.varint((value << 1n) ^ (value >> 63n))
  }

  value(type, value) {
    if (type === TYPE.true || type === TYPE.false) this.#bytes.push(value ? TYPE.true : TYPE.false)
    else if (type === TYPE.byte) this.#bytes.push(Number(value & 0xffn))
    else if (type >= TYPE.i16 && type <= TYPE.i64) this.integer(value)
    else if (type === TYPE.double) this.#bytes.push(...value)
    else if (type === TYPE.list || type === TYPE.set) this.list(value)
    else if (type === TYPE.map) this.map(value)
    else if (type === TYPE.struct) this.struct(value)
    else {
      this.varint(BigInt(value.length))
      for (const byte of value) this.#bytes.push(byte)
    }
  }

  list({ element, items, length = items.length }) {
    // `length` may lie.
    this.#bytes.push(length < 15 ? (length << 4) | element : 0xf0 | element)
    if (length >= 15) this.varint(BigInt(length))
    for (const item of items) this.value(element, item)
  }

  map({ key, element, entries }) {
    this.varint(BigInt(entries.length))
    if (entries.length > 0) this.#bytes.push((key << 4) | element)
    for (const [name, item] of entries) {
      this.value(key, name)
      this.value(element, item)
    }
  }

  struct({ fields }) {
    let last = 0
    for (const { id, type, value } of fields) {
      const flag = type === TYPE.true || type === TYPE.false
      const written = flag ? (value ? TYPE.true : TYPE.false) : type
      const step = id - last
      if (step > 0 && step < 16) this.#bytes.push((step << 4) | written)
      else {
        this.#bytes.push(written)
        this.integer(BigInt(id))
      }
      if (!flag) this.value(type, value)
      last = id
    }
    this.#bytes.push(0)
  }

  bytes() {
    return Buffer.from(this.#bytes)
  }
}

/** The struct at `at`, and where it ends. @throws RangeError where there is none. */
function decodeStruct(bytes, at = 0) {
  const decoder = new Decoder(bytes, at)
  return { tree: decoder.struct(), end: decoder.at }
}

function encodeStruct(tree) {
  const encoder = new Encoder()
  encoder.struct(tree)
  return encoder.bytes()
}

/** The field of a struct by its id; undefined where it is absent. */
const fieldOf = (struct, id) => struct?.fields?.find((field) => field.id === id)
/** Its value. */
const memberOf = (struct, id) => fieldOf(struct, id)?.value
/** The items of a list; none where it is absent. */
const itemsOf = (struct, id) => memberOf(struct, id)?.items ?? []

module.exports = { TYPE, decodeStruct, encodeStruct, fieldOf, itemsOf, memberOf }
