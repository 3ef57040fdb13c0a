import {
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float16,
  Float32,
  Int64,
  makeData,
  Schema,
  Vector,
} from 'apache-arrow'
import { toVectorColumn, vectorsOf } from '../lib/index.js'
import { rejection } from './support/rejection.js'
import { batchOf } from './support/sample.js'

function batchWith(column: Vector) {
  return batchOf(new Schema([new Field('v', column.type, true)]), [column])
}

describe('toVectorColumn and vectorsOf', () => {
  const data = Float32Array.from({ length: 12 }, (_, i) => i / 2)

  test.each(['fixed_size_list', 'fixed_size_binary'] as const)('%s shares the memory', (as) => {
    const column = toVectorColumn(data, 4, { as })
    const matrix = vectorsOf(batchWith(column), 'v')
    expect(matrix).toMatchObject({ element: 'float32', dim: 4, rows: 3, validity: null })
    expect(matrix.data).toEqual(data)
    expect(matrix.data.buffer).toBe(data.buffer)
  })

  test('int8 is known by its type, or named for bytes', () => {
    const bytes = Int8Array.of(-1, 2, -3, 4)
    const list = vectorsOf(batchWith(toVectorColumn(bytes, 2)), 'v')
    const named = vectorsOf(batchWith(toVectorColumn(bytes, 2, { as: 'fixed_size_binary' })), 'v', {
      element: 'int8',
    })
    for (const matrix of [list, named]) {
      expect(matrix).toMatchObject({ element: 'int8', dim: 2, rows: 2 })
      expect(matrix.data).toEqual(bytes)
      expect(matrix.data.buffer).toBe(bytes.buffer)
    }
  })

  test('float16 is decoded, or left as bits over the same memory', () => {
    const values = [1, -2, 0.5, 65504, 2 ** -24, Number.POSITIVE_INFINITY]
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x3800, 0x7bff, 0x0001, 0x7c00)
    const batch = batchWith(toVectorColumn(bits, 3))
    expect(batch.schema.fields[0]?.type.children[0]?.type).toBeInstanceOf(Float16)
    const decoded = vectorsOf(batch, 'v', { element: 'float16' })
    expect(decoded.element).toBe('float32')
    expect([...decoded.data]).toEqual(values)
    const raw = vectorsOf(batch, 'v', { element: 'float16', as: 'bits' })
    expect(raw.data.buffer).toBe(bits.buffer)
  })

  test('bfloat16 is decoded from bytes', () => {
    const bits = Uint16Array.of(0x3f80, 0xc000, 0x4049, 0x7fc0)
    const column = toVectorColumn(new Uint8Array(bits.buffer), 4)
    const { data: decoded, dim } = vectorsOf(batchWith(column), 'v', { element: 'bfloat16' })
    expect(dim).toBe(2)
    expect([...decoded]).toEqual([1, -2, 3.140625, Number.NaN])
  })

  test('memory that is not aligned is copied, with the right values', () => {
    const bytes = new Uint8Array(1 + data.byteLength)
    bytes.set(new Uint8Array(data.buffer), 1)
    const type = new FixedSizeBinary(16)
    const column = makeData({ type, length: 3, nullCount: 0, data: bytes.subarray(1) })
    const matrix = vectorsOf(batchWith(new Vector([column])), 'v')
    expect(matrix.data).toEqual(data)
    expect(matrix.data.buffer).not.toBe(bytes.buffer)
  })

  test('slices see their own rows and a validity from bit 0', () => {
    const column = toVectorColumn(data, 1, { validity: Uint8Array.of(0b10110101, 0b1011) })
    const batch = batchWith(column).slice(3, 10)
    const matrix = vectorsOf(batch, 'v')
    expect(matrix.rows).toBe(7)
    expect([...matrix.data]).toEqual([...data.subarray(3, 10)])
    const valid = Array.from({ length: 7 }, (_, i) => (matrix.validity![i >> 3]! >> (i & 7)) & 1)
    expect(valid).toEqual([0, 1, 1, 0, 1, 1, 1])
    expect(batch.getChild('v')?.nullCount).toBe(2)
  })

  test('an all-null column without memory is zeros', () => {
    const nullBitmap = new Uint8Array(1)
    const type = new FixedSizeBinary(8)
    const column = makeData({ type, length: 3, nullCount: 3, nullBitmap, data: new Uint8Array(0) })
    const matrix = vectorsOf(batchWith(new Vector([column])), 'v')
    expect([...matrix.data]).toEqual([0, 0, 0, 0, 0, 0])
    expect([...matrix.validity!]).toEqual([0])
  })

  test('an empty batch is an empty matrix', () => {
    const matrix = vectorsOf(batchWith(toVectorColumn(new Float32Array(0), 8)), 'v')
    expect(matrix).toMatchObject({ dim: 8, rows: 0 })
    expect(matrix.data).toHaveLength(0)
  })

  test('null elements inside a vector are InvalidData, below a null row they are not', async () => {
    const element = new Field('item', new Float32(), true)
    const child = makeData({
      type: new Float32(),
      length: 4,
      nullCount: 1,
      nullBitmap: Uint8Array.of(0b1101),
      data: Float32Array.of(1, 2, 3, 4),
    })
    const list = (nulls: number) =>
      makeData({
        type: new FixedSizeList(2, element),
        length: 2,
        nullCount: nulls,
        nullBitmap: nulls ? Uint8Array.of(0b10) : null,
        child,
      })
    const error = await rejection(() => vectorsOf(batchWith(new Vector([list(0)])), 'v'))
    expect(error).toMatchObject({ code: 'InvalidData', field: 'v' })
    expect(vectorsOf(batchWith(new Vector([list(1)])), 'v').rows).toBe(2)
  })

  test.each([
    ['no such column', 'w', {}, 'InvalidArgument'],
    ['an element that the type does not have', 'v', { element: 'int8' }, 'TypeMismatch'],
    ['an unknown option', 'v', { elements: 'int8' }, 'InvalidArgument'],
    ['an unknown element', 'v', { element: 'float8' }, 'InvalidArgument'],
  ])('%s', async (_, name, options, code) => {
    const batch = batchWith(toVectorColumn(data, 4))
    expect((await rejection(() => vectorsOf(batch, name, options as never))).code).toBe(code)
  })

  test('columns that are no vectors and widths that do not divide', async () => {
    const numbers = makeData({ type: new Int64(), length: 1, data: BigInt64Array.of(1n) })
    const batch = batchWith(new Vector([numbers]))
    expect((await rejection(() => vectorsOf(batch, 'v'))).code).toBe('TypeMismatch')
    const odd = batchWith(toVectorColumn(new Uint8Array(6), 6))
    expect((await rejection(() => vectorsOf(odd, 'v'))).code).toBe('TypeMismatch')
  })

  test.each([
    ['another typed array', [new Float64Array(4), 2]],
    ['a length that dim does not divide', [new Float32Array(5), 2]],
    ['dim 0', [new Float32Array(4), 0]],
    ['a short bitmap', [new Float32Array(20), 1, { validity: new Uint8Array(2) }]],
  ])('toVectorColumn refuses %s', async (_, args) => {
    const call = toVectorColumn as unknown as (...args: unknown[]) => unknown
    expect((await rejection(() => call(...args))).code).toBe('InvalidArgument')
  })
})
