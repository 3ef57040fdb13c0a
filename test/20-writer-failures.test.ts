import { existsSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import {
  Field,
  FixedSizeBinary,
  Float32,
  Int64,
  IntervalYearMonth,
  makeData,
  makeVector,
  type RecordBatch,
  Schema,
  Struct,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow'
import { type PackedError, PackedWriter } from '../lib/index.js'
import { rejection } from './support/rejection.js'
import { batchOf, field, sampleBatch, sampleSchema } from './support/sample.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const root = temporaryDirectory('writer-failures')
let count = 0
const fresh = (): string => join(root, String(count++))

const openSample = (directory: string) => PackedWriter.open({ schema: sampleSchema(), directory })

/** The failure of a write, after which nothing may be left and the writer is Closed. */
async function failedWrite(schema: Schema, batch: unknown): Promise<PackedError> {
  const directory = fresh()
  const writer = await PackedWriter.open({ schema, directory, fieldIds: 'auto' })
  const error = await rejection(() => writer.write(batch as RecordBatch))
  expect(filesBelow(root)).toEqual([])
  const later = await rejection(() => writer.finish())
  expect(later).toMatchObject({ code: 'Closed', cause: error })
  await writer.close()
  expect(existsSync(directory)).toBe(false)
  return error
}

afterEach(() => expect(filesBelow(root)).toEqual([]))

describe('a write that fails leaves nothing and ends the writer', () => {
  const schema = new Schema([field('id', new Int64()), field('title', new Utf8())])
  const ids = makeVector(BigInt64Array.of(1n, 2n))
  const titles = vectorFromArray(['a', 'b'], new Utf8())

  test('nulls in a required field', async () => {
    const nulls = vectorFromArray(['a', null], new Utf8())
    const error = await failedWrite(schema, batchOf(schema, [ids, nulls]))
    expect(error).toMatchObject({ code: 'InvalidData', field: 'title' })
  })

  test('nulls in a required dense vector', async () => {
    const vectors = new Schema([field('v', new FixedSizeBinary(4))])
    const column = makeData({
      type: new FixedSizeBinary(4),
      length: 2,
      nullCount: 1,
      nullBitmap: Uint8Array.of(1),
      data: new Uint8Array(8),
    })
    const error = await failedWrite(vectors, batchOf(vectors, [new Vector([column])]))
    expect(error).toMatchObject({ code: 'InvalidData', field: 'v' })
  })

  test('a missing column', async () => {
    const part = new Schema([field('id', new Int64())])
    const error = await failedWrite(schema, batchOf(part, [ids]))
    expect(error).toMatchObject({ code: 'InvalidArgument', field: 'title' })
  })

  test('a column that the schema does not have', async () => {
    const more = new Schema([...schema.fields, field('extra', new Int64())])
    const error = await failedWrite(schema, batchOf(more, [ids, titles, ids]))
    expect(error).toMatchObject({ code: 'InvalidArgument', field: 'extra' })
  })

  test('another type', async () => {
    const other = new Schema([field('id', new Float32()), field('title', new Utf8())])
    const floats = makeVector(Float32Array.of(1, 2))
    const error = await failedWrite(schema, batchOf(other, [floats, titles]))
    expect(error).toMatchObject({ code: 'TypeMismatch', field: 'id' })
    expect(error.message).toBe('Expected Int64 for column "id" but received Float32')
  })

  test('data whose type is not that of its own schema', async () => {
    const floats = makeVector(Float32Array.of(1, 2))
    const error = await failedWrite(schema, batchOf(schema, [floats, titles]))
    expect(error).toMatchObject({ code: 'TypeMismatch', field: 'id' })
  })

  test('columns of unequal length', async () => {
    const batch = batchOf(schema, [ids, titles])
    const children = [ids.data[0]!, vectorFromArray(['a'], new Utf8()).data[0]!]
    const type = new Struct(schema.fields)
    const data = makeData({ type, length: 2, nullCount: 0, children })
    const uneven = Object.create(batch, { data: { value: data } }) as RecordBatch
    const error = await failedWrite(schema, uneven)
    expect(error).toMatchObject({ code: 'InvalidData', field: 'title' })
  })

  test('invalid UTF-8', async () => {
    const broken = makeData({
      type: new Utf8(),
      length: 2,
      nullCount: 0,
      valueOffsets: Int32Array.of(0, 1, 2),
      data: Uint8Array.of(0x61, 0xff),
    })
    const error = await failedWrite(schema, batchOf(schema, [ids, new Vector([broken])]))
    expect(error).toMatchObject({ code: 'InvalidData', field: 'title' })
  })

  test.each([[undefined], [42], ['rows'], [{}], [[]]])('%p instead of a batch', async (value) => {
    const error = await failedWrite(schema, value)
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toContain('a RecordBatch, a Table or ArrowCData')
  })

  test('an exception of onProgress', async () => {
    const directory = fresh()
    const writer = await PackedWriter.open({
      schema: sampleSchema(),
      directory,
      onProgress: () => {
        throw new RangeError('mine')
      },
    })
    await expect(writer.write(sampleBatch(0, 1))).rejects.toThrow(new RangeError('mine'))
    expect((await rejection(() => writer.finish())).code).toBe('Closed')
    expect(existsSync(directory)).toBe(false)
  })

  test('calls behind the failing one are Closed, too', async () => {
    const writer = await openSample(fresh())
    const calls = [writer.write(sampleBatch(0, 1)), writer.write(7 as never), writer.finish()]
    const [first, second, third] = await Promise.allSettled(calls)
    expect(first?.status).toBe('fulfilled')
    expect(second).toMatchObject({ reason: { code: 'InvalidArgument' } })
    expect(third).toMatchObject({ reason: { code: 'Closed' } })
  })

  test('the error has the stack of the call', async () => {
    const writer = await openSample(fresh())
    const error = await rejection(() => writer.write({} as never))
    expect(error.stack).toContain('PackedWriter.write')
    expect(error.stack).toContain(basename(__filename))
    await writer.close()
  })
})

describe('the end of a writer', () => {
  test('a second finish and a write after finish are Closed', async () => {
    const directory = fresh()
    const writer = await openSample(directory)
    const { groups } = await writer.finish()
    const again = await rejection(() => writer.finish())
    expect(again.code).toBe('Closed')
    expect(again.message).toBe(
      'Expected an open PackedWriter for finish() but received one that is finished',
    )
    expect((await rejection(() => writer.write(sampleBatch(0, 1)))).code).toBe('Closed')
    await writer.close()
    const after = await PackedWriter.open({
      schema: sampleSchema(),
      groups: groups.map(({ id, path, fields }) => ({ id, path, fields })),
      ifExists: 'replace',
    })
    expect(filesBelow(directory).length).toBeGreaterThanOrEqual(2)
    await after.close()
    removeFinished(groups.map(({ path }) => path))
  })

  test('close without finish leaves nothing; closing is idempotent', async () => {
    const directory = fresh()
    const writer = await openSample(directory)
    await writer.write(sampleBatch(0, 100))
    expect(writer.close()).toBe(writer.close())
    await writer.close()
    expect(existsSync(directory)).toBe(false)
    for (const call of [() => writer.write(sampleBatch(0, 1)), () => writer.finish()]) {
      expect((await rejection(call)).code).toBe('Closed')
    }
  })

  test('close waits for the writes before it', async () => {
    const writer = await openSample(fresh())
    const order: string[] = []
    const writing = writer.write(sampleBatch(0, 5000)).then(() => order.push('write'))
    await writer.close().then(() => order.push('close'))
    await writing
    expect(order).toEqual(['write', 'close'])
  })

  test('disposal without finish publishes nothing', async () => {
    const writer = await openSample(fresh())
    await writer.write(sampleBatch(0, 10))
    await writer[Symbol.asyncDispose]()
    expect((await rejection(() => writer.finish())).code).toBe('Closed')
  })

  test('a file that is there is AlreadyExists and stays as it was', async () => {
    const directory = fresh()
    const first = await openSample(directory)
    await first.write(sampleBatch(0, 3))
    const { groups } = await first.finish()
    const error = await rejection(async () => {
      const second = await openSample(directory)
      await second.write(sampleBatch(0, 9))
      await second.finish()
    })
    expect(error.code).toBe('AlreadyExists')
    expect(groups.map(({ path }) => path)).toContain(error.path)
    expect(filesBelow(directory).sort()).toEqual(groups.map(({ path }) => path).sort())
    removeFinished(groups.map(({ path }) => path))
  })

  test('an unsupported type is one UnsupportedType that names the field', async () => {
    const schema = new Schema([new Field('span', new IntervalYearMonth(), true)])
    const error = await rejection(() =>
      PackedWriter.open({ schema, directory: fresh(), fieldIds: 'auto' }),
    )
    expect(error).toMatchObject({ code: 'UnsupportedType', field: 'span' })
  })

  test('writeAll refuses what is not iterable', async () => {
    const writer = await openSample(fresh())
    expect((await rejection(() => writer.writeAll(5 as never))).code).toBe('InvalidArgument')
    await writer.close()
  })
})

function removeFinished(paths: readonly string[]): void {
  for (const path of paths) rmSync(path)
}
