import { create, toBinary } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { DataType, decodeScalarField, encodeScalarField } from '../lib/schema/index.js'
import { ScalarFieldSchema } from '../lib/schema/proto/schema_pb.js'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const unhex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

describe('a value of an Array column', () => {
  test('Array<Int64> [1,2] has the bytes of Milvus', () => {
    const bytes = encodeScalarField(DataType.Int64, [1n, 2n])
    expect(hex(bytes)).toBe('1a040a020102')
    expect(decodeScalarField(bytes, DataType.Int64)).toEqual([1n, 2n])
  })

  test('no elements are an empty message of their kind', () => {
    expect(hex(encodeScalarField(DataType.VarChar, []))).toBe('3200')
    expect(hex(encodeScalarField(DataType.Float, []))).toBe('2200')
    expect(decodeScalarField(unhex('3200'), DataType.VarChar)).toEqual([])
    expect(decodeScalarField(new Uint8Array(0))).toEqual([])
  })

  test('null elements keep their place, and their validity', () => {
    const bytes = encodeScalarField(DataType.Int32, [7, null, -1], { elementNullable: true })
    expect(hex(bytes)).toBe('120e0a0c0700ffffffffffffffffff018a0103010001')
    expect(decodeScalarField(bytes)).toEqual([7, null, -1])
    const none = encodeScalarField(DataType.VarChar, ['ä'], { elementNullable: true })
    expect(hex(none)).toBe('32040a02c3a48a010101')
  })

  test('elements without a place for nulls are read as well', () => {
    expect(decodeScalarField(unhex('12030a01078a0103000100'))).toEqual([null, 7, null])
    expect(() => decodeScalarField(unhex('12040a0207078a0103000100'))).toThrow('the 1 valid ones')
  })

  test('elements that are not packed are read as well', () => {
    expect(decodeScalarField(unhex('1a0408010802'), DataType.Int64)).toEqual([1n, 2n])
  })

  const element = {
    Bool: fc.boolean(),
    Int8: fc.integer({ min: -128, max: 127 }),
    Int16: fc.integer({ min: -32768, max: 32767 }),
    Int32: fc.integer(),
    Int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    Timestamptz: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    Float: fc.float(),
    Double: fc.double(),
    VarChar: fc.string({ unit: 'grapheme' }),
  }
  const message = {
    Bool: 'boolData',
    Int8: 'intData',
    Int16: 'intData',
    Int32: 'intData',
    Int64: 'longData',
    Timestamptz: 'timestamptzData',
    Float: 'floatData',
    Double: 'doubleData',
    VarChar: 'stringData',
  } as const

  test.each(Object.keys(element) as (keyof typeof element)[])(
    '%s: the bytes of the generated messages, and back',
    (name) => {
      const values: fc.Arbitrary<(boolean | number | bigint | string)[]> = fc.array<
        boolean | number | bigint | string
      >(element[name], { maxLength: 40 })
      fc.assert(
        fc.property(values, (data) => {
          const bytes = encodeScalarField(DataType[name], data)
          const reference = create(ScalarFieldSchema, {
            data: { case: message[name], value: { data: data as never[] } },
          })
          expect(hex(bytes)).toBe(hex(toBinary(ScalarFieldSchema, reference)))
          expect(decodeScalarField(bytes, DataType[name])).toEqual(data)
        }),
        { numRuns: 200 },
      )
    },
  )

  test('typed arrays are elements, too', () => {
    const bytes = encodeScalarField(DataType.Float, Float32Array.of(1, -0.5))
    expect(hex(bytes)).toBe('220a0a080000803f000000bf')
    const longs = encodeScalarField(DataType.Int64, BigInt64Array.of(-1n, 300n))
    expect(decodeScalarField(longs)).toEqual([-1n, 300n])
  })

  test.each([
    ['TypeMismatch', DataType.Int32, ['1']],
    ['TypeMismatch', DataType.VarChar, [1]],
    ['TypeMismatch', DataType.Bool, [0]],
    ['TypeMismatch', DataType.Double, [1n]],
    ['InvalidData', DataType.Int8, [128]],
    ['InvalidData', DataType.Int16, [1.5]],
    ['InvalidData', DataType.Int64, [2 ** 53]],
    ['InvalidData', DataType.Int64, [2n ** 63n]],
    ['InvalidData', DataType.Int64, [null]],
    ['UnsupportedType', DataType.JSON, ['{}']],
  ] as const)('%s: %s %s', (code, type, values) => {
    expect(() => encodeScalarField(type, values)).toThrow(expect.objectContaining({ code }))
  })

  test('bytes that are no such message are refused', () => {
    const invalid = expect.objectContaining({ code: 'InvalidData' })
    expect(() => decodeScalarField(unhex('1a040a0201'))).toThrow(invalid)
    expect(() => decodeScalarField(unhex('ff'))).toThrow(invalid)
    expect(() => decodeScalarField(unhex('1a020a02'))).toThrow(invalid)
    expect(() => decodeScalarField(unhex('1a040a020102'), DataType.VarChar)).toThrow(
      expect.objectContaining({ code: 'TypeMismatch' }),
    )
  })
})
