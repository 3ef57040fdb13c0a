/** Columns that are codes of vectors already, and are written once more. */
import { join } from 'node:path'
import { Field, Float64, Schema } from 'apache-arrow'
import {
  inspectFile,
  PackedReader,
  PackedWriter,
  type PackedWriterOptions,
  type QuantizedField,
  quantizationOf,
  vectorsOf,
} from '../lib/index.js'
import { QUANTIZED_DIM, vectorBatch, writeQuantized } from './support/quantized.js'
import { rejection } from './support/rejection.js'
import { field } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const ROWS = 300
const home = temporaryDirectory('quantized-again')
let count = 0
const fresh = (): string => join(home, String(count++))

async function raw(paths: string[]) {
  const reader = await PackedReader.open({ paths, quantized: 'raw' })
  const table = await reader.toTable()
  const quantized = quantizationOf(reader.metadata)
  await reader.close()
  return { table, schema: reader.schema, quantized }
}

async function decoded(paths: string[]): Promise<number[][]> {
  const reader = await PackedReader.open({ paths })
  const numbers: number[][] = [[], []]
  for await (const batch of reader) {
    for (const [index, name] of [batch.schema.fields[1]!.name, 'b_int8'].entries()) {
      numbers[index]!.push(...vectorsOf(batch, name, { element: 'float32' }).data)
    }
  }
  await reader.close()
  return numbers
}

async function again(
  from: Awaited<ReturnType<typeof raw>>,
  options: Partial<PackedWriterOptions> = {},
) {
  const { schema, quantized, table } = from
  const writer = await PackedWriter.open({ schema, directory: fresh(), quantized, ...options })
  await writer.write(table)
  const result = await writer.finish()
  return { ...result, paths: result.groups.map(({ path }) => path) }
}

let first: Awaited<ReturnType<typeof writeQuantized>>
let from: Awaited<ReturnType<typeof raw>>
beforeAll(async () => {
  first = await writeQuantized([vectorBatch(ROWS)], { directory: fresh() })
  from = await raw(first.paths)
})

test.each(['milvus', 'fast', 'small'] as const)(
  'are decoded as the first: layout %s',
  async (layout) => {
    const second = await again(from, { layout })
    expect(second.quantized).toEqual(first.quantized)
    expect(await decoded(second.paths)).toEqual(await decoded(first.paths))
    for (const path of second.paths) {
      expect(quantizationOf((await inspectFile(path)).metadata)).toEqual(first.quantized)
    }
    const third = await again(await raw(second.paths), { layout: 'milvus' })
    expect(third.quantized).toEqual(first.quantized)
  },
)

test('are described under the names of the schema', async () => {
  const fields = from.schema.fields.map((one) =>
    one.name === 'a_int8' ? new Field('codes', one.type, one.nullable, one.metadata) : one,
  )
  const schema = new Schema(fields)
  const writer = await PackedWriter.open({ schema, directory: fresh(), quantized: from.quantized })
  const { quantized, groups } = await writer.finish()
  expect(quantized!.map(({ name }) => name)).toEqual(['codes', 'b_int8'])
  const { quantized: read } = await raw(groups.map(({ path }) => path))
  expect(read).toEqual(quantized)
})

test('without the option say nothing, as with none of them', async () => {
  const { schema, table } = from
  const silent = await again({ schema, table, quantized: [] })
  expect(silent.quantized).toBeUndefined()
  expect((await raw(silent.paths)).quantized).toEqual([])
})

describe('the option quantized refuses', () => {
  const refuse = (quantized: unknown, more: object = {}) =>
    rejection(() =>
      PackedWriter.open({
        ...{ schema: from.schema, directory: fresh(), ...more },
        quantized,
      } as unknown as PackedWriterOptions),
    )
  const of = (index: number, more: object) => [{ ...from.quantized[index]!, ...more }]

  test.each<[string, () => unknown, string, string]>([
    ['no list', () => ({}), 'InvalidArgument', 'an array of QuantizedField for quantized'],
    ['no object', () => [1], 'InvalidArgument', 'quantized[0]'],
    ['a field twice', () => [...of(0, {}), ...of(0, {})], 'InvalidArgument', 'every field once'],
    ['an id of none', () => of(0, { fieldId: 999n }), 'InvalidSchema', 'but received 999'],
    ['a large id', () => of(0, { fieldId: 2 ** 31 }), 'InvalidArgument', '31 bits'],
    [
      'another dim',
      () => of(0, { dim: 12 }),
      'TypeMismatch',
      'FixedSizeBinary[12]) for quantized[0]',
    ],
    [
      'scales of none',
      () => of(0, { scaleFieldId: 9n }),
      'InvalidSchema',
      'scaleFieldId but received 9',
    ],
    ['ids for scales', () => of(0, { scaleFieldId: 100n }), 'TypeMismatch', 'scales of float32'],
    ['another width', () => of(1, { bits: 4 }), 'InvalidArgument', '8 for quantized[0].bits'],
    ['another rule', () => of(1, { scale: 'row' }), 'InvalidArgument', "'vector' | 'segment'"],
    ['no scale', () => of(1, { scaleValue: undefined }), 'InvalidArgument', 'scaleValue'],
    ['NaN', () => of(1, { maxError: Number.NaN }), 'InvalidArgument', 'maxError'],
    ['too much for float32', () => of(1, { maxAbs: 1e39 }), 'InvalidArgument', 'maxAbs'],
    ['another name', () => of(1, { scales: 1 }), 'InvalidArgument', 'Did you mean'],
  ])('%s', async (_, quantized, code, message) => {
    const error = await refuse(quantized())
    expect(error.message).toContain(message)
    expect(error.code).toBe(code)
  })

  test('being said beside quantize', async () => {
    const { schema } = vectorBatch(1)
    const quantize = { a: { fieldId: 102, scaleFieldId: 103 } }
    const error = await refuse([] as QuantizedField[], { schema, quantize })
    expect(error.message).toContain('no quantized beside quantize')
  })

  test('fields that hold no codes', async () => {
    const schema = new Schema([field('a', new Float64(), 102), field('s', new Float64(), 103)])
    const error = await refuse(of(0, {}), { schema })
    expect(error).toMatchObject({ code: 'TypeMismatch', field: 'a' })
    expect(error.message).toContain(`FixedSizeBinary[${QUANTIZED_DIM}]`)
  })
})
