/** One record as bytes and back: forms, schemas, what does not fit (the core's tests damage them). */
import { Int32, Int64, makeVector, Schema, Table, Utf8, vectorFromArray } from 'apache-arrow'
import fc from 'fast-check'
import { exportRecordBatch } from '../lib/cdata/public.js'
import {
  buildRecord,
  convertToArrowSchema,
  createCollectionSchema,
  deserializeRecord,
  InsertData,
  memoryUsage,
  rowsOf,
  type SerializeRecordOptions,
  SimpleArrowRecord,
  serializeRecord,
} from '../lib/index.js'
import { collection } from './support/collection.js'
import { everyField } from './support/every-type.js'
import { rejection } from './support/rejection.js'
import { batchOf, expectSample, field, sampleBatch, sampleSchema } from './support/sample.js'

const FORMS: readonly SerializeRecordOptions[] = [
  {},
  { level: 19 },
  { buffers: 'zstd' },
  { buffers: 'zstd', level: 22 },
  { buffers: 'lz4' },
  { buffers: 'lz4', level: 9 },
]
const ZSTD_MAGIC = 0xfd2fb528
const magicOf = (bytes: Uint8Array) => Buffer.from(bytes).readUInt32LE()
const schema = sampleSchema()

async function sampleBytes(rows: number, options: SerializeRecordOptions = {}) {
  return serializeRecord(sampleBatch(0, rows), schema, options)
}

describe('serializeRecord and deserializeRecord', () => {
  test.each(FORMS)('come back as they were: %j', async (options) => {
    for (const rows of [0, 1, 10_000]) {
      const bytes = await sampleBytes(rows, options)
      expect(magicOf(bytes) === ZSTD_MAGIC).toBe(options.buffers === undefined)
      const batch = await deserializeRecord(bytes, schema)
      expect(batch.schema.fields).toEqual(schema.fields)
      expectSample([batch], rows)
    }
  })

  test('every type of a collection comes back', async () => {
    const { schema: all, row } = everyField(6)
    const cases = fc.tuple(fc.array(row, { minLength: 1, maxLength: 5 }), fc.constantFrom(...FORMS))
    await fc.assert(
      fc.asyncProperty(cases, async ([rows, options]) => {
        const record = buildRecord(all, [InsertData.fromRows(all, rows)])
        const bytes = await serializeRecord(record, all, options)
        const batch = await deserializeRecord(bytes, all)
        const read = new SimpleArrowRecord(batch)
        expect([...read.fieldIdToColumn]).toEqual([...record.fieldIdToColumn])
        expect([...rowsOf(read, all)]).toEqual([...rowsOf(record, all)])
      }),
      { numRuns: 15 },
    )
  })

  test('takes a batch, a table of one, C data, a record; slices and columns in any order', async () => {
    const batch = sampleBatch(0, 50)
    const columns = [3, 1, 0, 2].map((index) => batch.schema.fields[index]!)
    const shuffled = batchOf(
      new Schema(columns),
      columns.map(({ name }) => batch.getChild(name)!),
    )
    const inputs = [batch, new Table([batch]), exportRecordBatch(batch), shuffled]
    inputs.push(sampleBatch(0, 90).slice(0, 50))
    for (const input of inputs) {
      expectSample([await deserializeRecord(await serializeRecord(input, schema), schema)], 50)
    }
    const record = new SimpleArrowRecord(shuffled)
    const renamed = new Schema(
      schema.fields.map(({ name, type, nullable, metadata }) =>
        field(`${name}_2`, type, Number(metadata.get('PARQUET:field_id')), nullable),
      ),
    )
    const read = await deserializeRecord(await serializeRecord(record, renamed), renamed)
    expect(read.getChild('title_2')!.get(49)).toBe('title 49')
    const tail = await serializeRecord(batch.slice(7, 20), schema)
    const titles = [...(await deserializeRecord(tail, schema)).getChild('title')!]
    expect(titles).toEqual([...batch.getChild('title')!].slice(7, 20))
  })

  test('the schema of the record is the one asked for, not the one it had', async () => {
    const bare = batchOf(new Schema([field('id', new Int64(), undefined, true)]), [
      makeVector(BigInt64Array.of(1n, 2n)),
    ])
    const wanted = collection()
    const bytes = await serializeRecord(bare, wanted)
    const { fields } = (await deserializeRecord(bytes, wanted)).schema
    expect(fields).toEqual(convertToArrowSchema(wanted).fields)
  })

  test('calls may overlap', async () => {
    const batches = Array.from({ length: 20 }, (_, i) => sampleBatch(0, 500 * i))
    const bytes = await Promise.all(batches.map((batch) => serializeRecord(batch, schema)))
    const read = await Promise.all(bytes.map((one) => deserializeRecord(one, schema)))
    for (const [i, batch] of read.entries()) expectSample([batch], 500 * i)
    expect(memoryUsage().pending).toBe(0)
  })
})

describe('records that do not fit', () => {
  const one = sampleBatch(0, 1)
  const strings = vectorFromArray(['x'], new Utf8())

  test.each<[string, () => unknown, string, RegExp]>([
    ['no batch', () => serializeRecord(new Table(schema, []), schema), 'InvalidArgument', /of 0/],
    [
      'two batches',
      () => serializeRecord(new Table([one, one]), schema),
      'InvalidArgument',
      /one record batch for serializeRecord.*of 2/,
    ],
    [
      'no record at all',
      () => serializeRecord(1 as never, schema),
      'InvalidArgument',
      /RecordBatch/,
    ],
    ['no schema', () => serializeRecord(one, {} as never), 'InvalidArgument', /schema/],
    [
      'a column too many',
      () => serializeRecord(one, new Schema(schema.fields.slice(1))),
      'InvalidArgument',
      /"id"/,
    ],
    [
      'a column too few',
      () => serializeRecord(one, new Schema([...schema.fields, field('x', new Int32(), 7)])),
      'InvalidArgument',
      /"x"/,
    ],
    [
      'another type',
      () =>
        serializeRecord(
          batchOf(new Schema([field('id', new Utf8(), 100)]), [strings]),
          collection(),
        ),
      'TypeMismatch',
      /Int64.*"id".*Utf8/,
    ],
    [
      'another field id',
      () =>
        serializeRecord(
          batchOf(new Schema([field('id', new Int64(), 101)]), [makeVector(BigInt64Array.of(1n))]),
          collection(),
        ),
      'InvalidSchema',
      /field id 100 for field "id" but received 101/,
    ],
    [
      'a null in a required field',
      () =>
        serializeRecord(
          batchOf(new Schema([field('id', new Int64(), 100, true)]), [
            vectorFromArray([1n, null], new Int64()),
          ]),
          collection(),
        ),
      'InvalidData',
      /id.*null/,
    ],
    ['level 0', () => sampleBytes(1, { level: 0 }), 'InvalidArgument', />= 1 and <= 22/],
    ['level 23', () => sampleBytes(1, { level: 23 }), 'InvalidArgument', />= 1 and <= 22/],
    [
      'level 13 of lz4',
      () => sampleBytes(1, { buffers: 'lz4', level: 13 }),
      'InvalidArgument',
      /<= 12/,
    ],
    [
      'another codec',
      () => sampleBytes(1, { buffers: 'gzip' as never }),
      'InvalidArgument',
      /'zstd' \| 'lz4' for buffers/,
    ],
    ['an unknown option', () => sampleBytes(1, { lvl: 1 } as never), 'InvalidArgument', /"lvl"/],
    ['no signal', () => sampleBytes(1, { signal: 1 as never }), 'InvalidArgument', /signal/],
  ])('%s', async (_, action, code, message) => {
    const error = await rejection(action)
    expect(error.code).toBe(code)
    expect(error.message).toMatch(message)
  })

  test('the stack is the caller’s', async () => {
    const error = await rejection(() => deserializeRecord(new Uint8Array(30), schema))
    expect(error.stack).toContain('73-records-as-bytes')
  })
})

describe('bytes that do not fit', () => {
  test('no bytes, damaged bytes, bytes of something else', async () => {
    const bytes = await sampleBytes(2000)
    const flipped = bytes.slice()
    flipped[bytes.length >> 1]! ^= 1
    const corrupted = [
      new Uint8Array(0),
      Buffer.from('PAR1'),
      bytes.subarray(0, -1),
      bytes.subarray(1),
      Buffer.concat([bytes, Buffer.of(0)]),
      flipped,
    ]
    for (const wrong of corrupted) {
      expect(await rejection(() => deserializeRecord(wrong, schema))).toMatchObject({
        code: 'FileCorrupted',
      })
    }
    expect(await rejection(() => deserializeRecord('x' as never, schema))).toMatchObject({
      code: 'InvalidArgument',
      message: expect.stringContaining('a Uint8Array for deserializeRecord'),
    })
  })

  test('the collection is another one', async () => {
    const number = createCollectionSchema({
      name: 'docs',
      fields: [{ name: 'id', dataType: 'Int64', isPrimaryKey: true }],
    })
    const text = createCollectionSchema({
      name: 'docs',
      fields: [{ name: 'id', dataType: 'VarChar', maxLength: 9, isPrimaryKey: true }],
    })
    const renamed = createCollectionSchema({
      name: 'docs',
      fields: [{ name: 'key', dataType: 'Int64', isPrimaryKey: true }],
    })
    const record = buildRecord(number, [InsertData.fromRows(number, [{ id: 1 }])])
    const bytes = await serializeRecord(record, number)
    expect((await deserializeRecord(bytes, number)).getChild('id')!.get(0)).toBe(1n)
    expect(await rejection(() => deserializeRecord(bytes, text))).toMatchObject({
      code: 'TypeMismatch',
      field: 'id',
    })
    expect(await rejection(() => deserializeRecord(bytes, renamed))).toMatchObject({
      code: 'InvalidSchema',
      field: 'key',
    })
    const moved = new Schema([field('id', new Int64(), 7)])
    expect(await rejection(() => deserializeRecord(bytes, moved))).toMatchObject({
      code: 'InvalidSchema',
      message: expect.stringContaining('field id 7'),
    })
  })

  test('missing ids are taken when asked', async () => {
    const bare = new Schema([field('id', new Int64())])
    const bytes = await serializeRecord(batchOf(bare, [makeVector(BigInt64Array.of(5n))]), bare)
    expect(await rejection(() => deserializeRecord(bytes, collection()))).toMatchObject({
      code: 'InvalidSchema',
      field: 'id',
    })
    const read = await deserializeRecord(bytes, collection(), { lenient: true })
    expect(read.getChild('id')!.get(0)).toBe(5n)
    expect(read.schema.fields[0]!.metadata.get('PARQUET:field_id')).toBe('100')
  })

  test('more than maxBytes', async () => {
    for (const options of FORMS) {
      const bytes = await sampleBytes(20_000, options)
      expect(
        await rejection(() => deserializeRecord(bytes, schema, { maxBytes: 100_000 })),
      ).toMatchObject({ code: 'InvalidData', message: expect.stringContaining('at most 100000') })
    }
    for (const options of [{ maxBytes: -1 }, { maxBytes: 0.5 }, { max: 1 }, { lenient: 1 }]) {
      expect(
        await rejection(() => deserializeRecord(new Uint8Array(9), schema, options as never)),
      ).toMatchObject({ code: 'InvalidArgument' })
    }
  })
})
