/** Vectors that a writer stores as codes of 8 bits. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Field, Int32, List, Float32 as Num, Schema, vectorFromArray } from 'apache-arrow'
import {
  inspectFile,
  PackedReader,
  PackedWriter,
  type PackedWriterOptions,
  QUANTIZATION_KEY,
  quantizationOf,
  quantizeVectors,
} from '../lib/index.js'
import {
  BOUND,
  QUANTIZE,
  QUANTIZED_DIM,
  vectorBatch,
  vectorNumbers,
  writeQuantized,
} from './support/quantized.js'
import { rejection } from './support/rejection.js'
import { batchOf, field } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const ROWS = 500
const LISTS = new List(new Field('item', new Num(), false))
const home = temporaryDirectory('quantized-writer')
let count = 0
const fresh = (): string => join(home, String(count++))

const open = (options: Record<string, unknown>) =>
  PackedWriter.open({
    schema: vectorBatch(1).schema,
    directory: fresh(),
    ...options,
  } as unknown as PackedWriterOptions)

describe('a writer that quantizes', () => {
  test('stores codes and scales as fields of their own', async () => {
    const { paths, groups } = await writeQuantized([vectorBatch(ROWS)], { directory: fresh() })
    expect(groups.map(({ id, fields }) => [id, fields])).toEqual([
      [0n, ['id', 'a_scale']],
      [102n, ['a_int8']],
      [105n, ['b_int8']],
    ])
    const nulls = groups.map(({ nullCounts }) => nullCounts)
    const missing = Math.ceil((ROWS - 2) / 6)
    expect(nulls).toEqual([{ id: 0, a_scale: missing }, { a_int8: missing }, { b_int8: 0 }])
    const { schema } = await inspectFile(paths[1]!)
    expect(schema.fields.map((one) => [one.name, String(one.type), one.nullable])).toEqual([
      ['a_int8', `FixedSizeBinary[${QUANTIZED_DIM}]`, true],
    ])
  })

  test('says what it did in its result and in every file', async () => {
    const { paths, quantized, rows } = await writeQuantized(
      [vectorBatch(ROWS).slice(0, 200), vectorBatch(ROWS).slice(200)],
      { directory: fresh() },
    )
    expect(rows).toBe(ROWS)
    const values = vectorNumbers(ROWS, 2)
    const one = await quantizeVectors({ values, dim: QUANTIZED_DIM, scale: BOUND / 127 })
    const common = { dim: QUANTIZED_DIM, bits: 8 }
    expect(quantized).toEqual([
      {
        fieldId: 102n,
        name: 'a_int8',
        source: { fieldId: 101n, name: 'a' },
        ...common,
        scale: 'vector',
        scaleFieldId: 103n,
        maxError: expect.any(Number),
      },
      {
        fieldId: 105n,
        name: 'b_int8',
        source: { fieldId: 104n, name: 'b' },
        ...common,
        scale: 'segment',
        scaleValue: Math.fround(BOUND / 127),
        maxAbs: BOUND,
        maxError: one.maxError,
      },
    ])
    expect(quantized![0]!.maxError).toBeGreaterThan(0)
    expect(quantized![0]!.maxError).toBeLessThan((BOUND / 127) * 0.501)
    for (const path of paths) {
      const { metadata } = await inspectFile(path)
      expect(quantizationOf(metadata)).toEqual(quantized)
      expect([...metadata.keys()]).toContain(QUANTIZATION_KEY)
    }
  })

  test('takes names, groups and choices of columns for what is stored', async () => {
    const directory = fresh()
    const { groups, paths } = await writeQuantized([vectorBatch(ROWS)], {
      quantize: {
        a: { ...QUANTIZE.a, name: 'a', scaleName: 'scale of a' },
        b: { ...QUANTIZE.b, keepOriginal: true },
      },
      groups: [
        { path: join(directory, 'x'), fields: ['b', 102, 'id'] },
        { path: join(directory, 'y'), fields: ['b_int8', 'scale of a'] },
      ],
      columns: { b_int8: { codec: 'gzip' } },
      userMetadata: { mine: 'too' },
    })
    expect(groups.map(({ fieldIds }) => fieldIds)).toEqual([
      [104n, 102n, 100n],
      [105n, 103n],
    ])
    const { chunks, metadata } = await inspectFile(paths[1]!)
    expect(chunks[0]).toMatchObject({ column: 'b_int8', codec: 'GZIP' })
    expect(metadata.get('mine')).toBe('too')
  })

  test('says what is stored before the first row', async () => {
    const writer = await open({ quantize: QUANTIZE })
    expect(writer.schema.fields.map(({ name }) => name)).toEqual([
      'id',
      'a_int8',
      'b_int8',
      'a_scale',
    ])
    expect(writer.fieldIds.get('a_scale')).toBe(103n)
    expect(writer.groups.map(({ fields }) => fields)).toEqual([
      ['id', 'a_scale'],
      ['a_int8'],
      ['b_int8'],
    ])
    await writer.close()
  })

  test.each(['milvus', 'fast'] as const)(
    'writes the same file in layout %s whatever the threads',
    async (layout) => {
      const files = await Promise.all(
        [1, 2, 7].map(async (concurrency) => {
          const options = { directory: fresh(), layout, concurrency }
          const { groups } = await writeQuantized([vectorBatch(5000)], options)
          return groups.map(({ fileBytes, compressedBytes }) => [fileBytes, compressedBytes])
        }),
      )
      expect(files[1]).toEqual(files[0])
      expect(files[2]).toEqual(files[0])
    },
  )

  test('takes lists, and copies of batches', async () => {
    const [lists, copied] = await Promise.all([
      writeQuantized([vectorBatch(ROWS, 'fixed_size_list')], { directory: fresh() }),
      writeQuantized([vectorBatch(ROWS)], { directory: fresh(), copy: true }),
    ])
    const [left, right] = await Promise.all(
      [lists, copied].map(async ({ paths }) => {
        const reader = await PackedReader.open({ paths, quantized: 'raw' })
        const rows = (await reader.toTable()).toArray().map(String)
        await reader.close()
        return rows
      }),
    )
    expect(left).toEqual(right)
    expect(left).toHaveLength(ROWS)
  })

  test('takes lists that are said to have a dim', async () => {
    const lists = [[1, -2, 0.5], null, [127, 0, -0.25]]
    const v = vectorFromArray(lists, LISTS)
    const schema = new Schema([field('v', LISTS, 101, true)])
    const quantize = { v: { ...QUANTIZE.a, dim: 3 } }
    const { paths } = await writeQuantized([batchOf(schema, [v])], { directory: fresh(), quantize })
    const reader = await PackedReader.open({ paths, quantized: 'raw' })
    const [first, second, third] = (await reader.toTable()).toArray()
    await reader.close()
    expect([...new Int8Array(first!.v_int8)]).toEqual([64, -127, 32])
    expect([second!.v_int8, second!.v_scale]).toEqual([null, null])
    expect([[...new Int8Array(third!.v_int8)], third!.v_scale]).toEqual([[127, 0, 0], 1])
    const short = batchOf(schema, [vectorFromArray([[1, 2, 3], [4]], LISTS)])
    const error = await rejection(() => writeQuantized([short], { directory: fresh(), quantize }))
    expect(error).toMatchObject({ code: 'InvalidData', field: 'v' })
    expect(error.message).toContain("3 elements for row 1 of field 'v' but received 1")
  })

  test('without rows', async () => {
    const { quantized, rows } = await writeQuantized([vectorBatch(ROWS).slice(0, 0)], {
      directory: fresh(),
    })
    expect(rows).toBe(0)
    expect(quantized!.map(({ maxError }) => maxError)).toEqual([0, 0])
  })

  test.each([
    ['a', Number.NaN, "Expected finite values for row 9 of field 'a' but received NaN"],
    ['b', BOUND * 1.5, "Expected magnitudes of at most 4 for row 9 of field 'b' but received 6"],
  ])('refuses in %s the number %d, and leaves nothing behind', async (name, bad, message) => {
    const batch = vectorBatch(ROWS)
    const index = batch.schema.fields.findIndex((one) => one.name === name)
    const bytes = batch.data.children[index]!.values as Uint8Array
    new Float32Array(bytes.buffer)[9 * QUANTIZED_DIM] = bad
    const directory = fresh()
    const writer = await open({ directory, quantize: QUANTIZE })
    await writer.write(vectorBatch(10))
    const error = await rejection(() => writer.write(batch))
    expect(error).toMatchObject({ code: 'InvalidData', field: name })
    expect(error.message).toContain(message)
    expect((await rejection(() => writer.write(vectorBatch(1)))).code).toBe('Closed')
    await writer.close()
    expect(existsSync(directory) ? readdirSync(directory) : []).toEqual([])
  })

  test('ends by an aborted signal', async () => {
    const controller = new AbortController()
    const directory = fresh()
    const writer = await open({ directory, quantize: QUANTIZE, signal: controller.signal })
    const reason = new Error('enough')
    const writing = writer.write(vectorBatch(20_000))
    controller.abort(reason)
    await expect(writing).rejects.toBe(reason)
    await writer.close()
    expect(existsSync(directory) ? readdirSync(directory) : []).toEqual([])
  })
})

describe('the option quantize refuses', () => {
  const a = QUANTIZE.a
  test.each<[object, string, string]>([
    [{ x: a }, 'InvalidArgument', 'names of top-level fields of the schema for quantize'],
    [{ id: a }, 'TypeMismatch', 'Expected vectors of float32'],
    [{ a: { ...a, fieldId: 101 } }, 'InvalidArgument', 'received 101, which is that of "a"'],
    [{ a: { ...a, fieldId: 104 } }, 'InvalidArgument', 'received 104, which is that of "b"'],
    [{ a: { ...a, scaleFieldId: 101 } }, 'InvalidArgument', 'for quantize.a.scaleFieldId'],
    [{ a: { ...a, scaleFieldId: 102 } }, 'InvalidSchema', '102'],
    [{ a: { ...a, fieldId: 2 ** 31 } }, 'InvalidArgument', '31 bits for quantize.a.fieldId'],
    [{ a: { ...a, name: 'id' } }, 'InvalidSchema', '"id" twice'],
    [{ a: { ...a, name: 'a', keepOriginal: true } }, 'InvalidSchema', '"a" twice'],
    [{ a: { fieldId: 102 } }, 'InvalidArgument', 'for quantize.a.scaleFieldId but received undef'],
    [{ a: { scaleFieldId: 103 } }, 'InvalidArgument', 'for quantize.a.fieldId but received undef'],
    [{ a: { ...a, scale: 'segment', maxAbs: 1 } }, 'InvalidArgument', 'no field of scales'],
    [{ a: { fieldId: 102, scale: 'segment' } }, 'InvalidArgument', 'for quantize.a.maxAbs'],
    [{ a: { fieldId: 102, scale: 'segment', maxAbs: 0 } }, 'InvalidArgument', 'above 0'],
    [{ a: { fieldId: 102, scale: 'segment', maxAbs: 1e39 } }, 'InvalidArgument', 'above 0'],
    [{ a: { ...a, maxAbs: 1 } }, 'InvalidArgument', "no bound without scale 'segment'"],
    [{ a: { ...a, scale: 'row' } }, 'InvalidArgument', "'vector' | 'segment'"],
    [{ a: { ...a, fieldID: 7 } }, 'InvalidArgument', 'Did you mean "fieldId"?'],
    [{ a: { ...a, keepOriginal: 1 } }, 'InvalidArgument', 'a boolean for quantize.a.keepOriginal'],
  ])('%j as %s', async (quantize, code, message) => {
    const error = await rejection(() => open({ quantize }))
    expect(error.code).toBe(code)
    expect(error.message).toContain(message)
  })

  test.each<[unknown, string, string]>([
    [undefined, 'TypeMismatch', 'Expected a dim, as the vectors are lists, for quantize.v'],
    [0, 'InvalidArgument', 'an integer >= 1 and <= 536870911 for quantize.v.dim but received 0'],
    [2 ** 29, 'InvalidArgument', 'for quantize.v.dim'],
  ])('lists with the dim %s', async (dim, code, message) => {
    const schema = new Schema([field('v', LISTS, 101)])
    const error = await rejection(() => open({ schema, quantize: { v: { ...QUANTIZE.a, dim } } }))
    expect(error.code).toBe(code)
    expect(error.message).toContain(message)
  })

  test('a dim of vectors that have one, and its own key as the caller’s', async () => {
    const error = await rejection(() => open({ quantize: { a: { ...QUANTIZE.a, dim: 24 } } }))
    expect(error).toMatchObject({ code: 'TypeMismatch', field: 'a' })
    expect(error.message).toContain('FixedSizeBinary[96] and the dim 24')
    const ints = new Schema([field('v', new Int32(), 101)])
    const key = await rejection(() =>
      open({ schema: ints, userMetadata: { [QUANTIZATION_KEY]: '{}' } }),
    )
    expect(key).toMatchObject({ code: 'InvalidArgument' })
    expect(key.message).toContain('reserved')
  })
})
