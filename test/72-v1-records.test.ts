import {
  type DataType as ArrowType,
  Binary,
  Bool,
  Field,
  FixedSizeBinary,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import {
  buildBinlog,
  EventType,
  type FieldBinlog,
  readBinlog,
  V1RecordReader,
  type V1RecordReaderOptions,
  V1RecordWriter,
  type V1RecordWriterOptions,
} from '../lib/binlog/index.js'
import { VisibilityFilter } from '../lib/packed/index.js'
import {
  type CollectionSchema,
  convertToArrowSchema,
  createCollectionSchema,
  FIELD_ID_KEY,
  SimpleArrowRecord,
  withSystemFields,
} from '../lib/schema/index.js'
import { type ChunkManager, LocalChunkManager } from '../lib/storage/index.js'
import { rejection } from './support/rejection'
import { filesBelow, temporaryDirectory } from './support/temporary'

const chunkManager = new LocalChunkManager({ rootPath: temporaryDirectory('v1-records') })
const KEY = { fieldId: 100, name: 'key', dataType: 'Int64', isPrimaryKey: true } as const
const NOTE = {
  fieldId: 101,
  name: 'note',
  dataType: 'VarChar',
  nullable: true,
  typeParams: { max_length: '99' },
} as const
const VECTOR = { fieldId: 102, name: 'vector', dataType: 'FloatVector', dim: 2 } as const
const schema = withSystemFields(createCollectionSchema({ name: 'c', fields: [KEY, NOTE, VECTOR] }))

interface Row {
  key: number
  ts: number
  note: string | null
}
const FIRST: Row[] = [
  { key: 1, ts: 30, note: 'eins' },
  { key: 2, ts: 10, note: null },
  { key: 3, ts: 20, note: '😀' },
]
const SECOND: Row[] = [{ key: 4, ts: 40, note: null }]

function batchOf(fields: [string, number, ArrowType, readonly unknown[]][]): SimpleArrowRecord {
  const arrowFields = fields.map(
    ([name, id, type]) => new Field(name, type, true, new Map([[FIELD_ID_KEY, String(id)]])),
  )
  const children = fields.map(([, , type, values]) => vectorFromArray(values, type).data[0]!)
  const length = children[0]!.length
  const data = makeData({ type: new Struct(arrowFields), length, nullCount: 0, children })
  return new SimpleArrowRecord(new RecordBatch(new Schema(arrowFields), data))
}

function vectorOf(key: number): Uint8Array {
  return new Uint8Array(Float32Array.of(key, -key).buffer)
}

/** Columns in an order of their own: they are found by field id. */
function recordOf(rows: readonly Row[]): SimpleArrowRecord {
  return batchOf([
    ['v', 102, new FixedSizeBinary(8), rows.map(({ key }) => vectorOf(key))],
    ['n', 101, new Utf8(), rows.map(({ note }) => note)],
    ['k', 100, new Int64(), rows.map(({ key }) => BigInt(key))],
    ['t', 1, new Int64(), rows.map(({ ts }) => BigInt(ts))],
    ['r', 0, new Int64(), rows.map(({ key }) => BigInt(key * 1000))],
  ])
}

let segments = 0

function writerOptions(options: Partial<V1RecordWriterOptions> = {}): V1RecordWriterOptions {
  segments += 1
  return {
    schema,
    chunkManager,
    location: { root: 'files', collectionId: 1, partitionId: 2, segmentId: segments },
    logIds: (fieldId) => 1000n + fieldId,
    ...options,
  }
}

async function written(
  records: readonly Row[][],
  options: Partial<V1RecordWriterOptions> = {},
): Promise<readonly FieldBinlog[]> {
  const writer = await V1RecordWriter.open(writerOptions(options))
  for (const rows of records) await writer.write(recordOf(rows))
  await writer.close()
  return writer.fieldBinlogs
}

type ReadOptions = Partial<V1RecordReaderOptions>

async function rowsOf(fieldBinlogs: readonly FieldBinlog[], options: ReadOptions = {}) {
  const reader = await V1RecordReader.open({ fieldBinlogs, schema, chunkManager, ...options })
  const rows: Record<string, unknown>[] = []
  for await (const record of reader) {
    for (const row of record.toBatch()) rows.push(row!.toJSON())
  }
  return rows
}

/** A chunk's logs joined to those of the chunk before; each keeps its place by its log id. */
function joined(...chunks: (readonly FieldBinlog[])[]): FieldBinlog[] {
  const ids = [...new Set(chunks.flat().map(({ fieldId }) => fieldId))]
  return ids.map((id) => {
    const parts = chunks.flat().filter(({ fieldId }) => fieldId === id)
    return { ...parts[0]!, binlogs: parts.flatMap(({ binlogs }) => binlogs) }
  })
}

const expectedRow = ({ key, ts, note }: Row) => ({
  RowID: BigInt(key * 1000),
  Timestamp: BigInt(ts),
  key: BigInt(key),
  note,
  vector: vectorOf(key),
})

describe.each(['codec', 'stream'] as const)('the %s form', (form) => {
  test('gives back what was written, a record per event, rows in order', async () => {
    const logs = await written([FIRST, SECOND], { form })
    expect(await rowsOf(logs)).toEqual([...FIRST, ...SECOND].map(expectedRow))
    const { descriptor, events } = await readBinlog(chunkManager, logs[3]!.binlogs[0]!.logPath)
    expect(events.map(({ type }) => type)).toEqual([1, 1])
    expect(descriptor).toMatchObject({
      fieldId: 101n,
      segmentId: BigInt(segments),
      payloadType: 21,
    })
    expect(descriptor.extras.nullable).toBe(true)
    const times = events.map(({ startTimestamp, endTimestamp }) => [startTimestamp, endTimestamp])
    const [from, to] = [descriptor.startTimestamp, descriptor.endTimestamp]
    if (form === 'stream') {
      expect([times, from, to]).toEqual([
        [
          [1n, 1n],
          [1n, 1n],
        ],
        0n,
        0n,
      ])
    } else {
      expect([times, from, to]).toEqual([
        [
          [10n, 30n],
          [40n, 40n],
        ],
        10n,
        40n,
      ])
    }
  })
})

describe('the logs of a writer', () => {
  test('say rows, times, sizes and nulls', async () => {
    const logs = await written([FIRST, SECOND], {
      location: { root: 'r', collectionId: 1, partitionId: 2, segmentId: 3 },
    })
    expect(logs.map(({ fieldId }) => fieldId)).toEqual([0n, 1n, 100n, 101n, 102n])
    const note = logs[3]!
    expect(note).toMatchObject({ childFields: [], format: '' })
    const path = 'r/insert_log/1/2/3/101/1101'
    expect(note.binlogs).toEqual([
      {
        entriesNum: 4,
        timestampFrom: 10n,
        timestampTo: 40n,
        logPath: path,
        logSize: await chunkManager.size(path),
        logId: 1101n,
        // validity 1 + offsets 16 + text 8, then 1 + 8 + 0: Milvus's formula, record by record
        memorySize: 25 + 9,
        fieldNullCounts: new Map([[101n, 2]]),
      },
    ])
    const { descriptor } = await readBinlog(chunkManager, path)
    expect(descriptor.extras.originalSize).toBe(34)
    expect(logs[4]!.binlogs[0]).toMatchObject({
      memorySize: 4 * 8,
      fieldNullCounts: new Map([[102n, 0]]),
    })
  })

  test('take the times of the pack where they are given, and Map for ids (case 7)', async () => {
    const logIds = new Map([0, 1, 100, 101, 102].map((id, index) => [BigInt(id), index + 1]))
    const [log] = await written([FIRST], { timestampFrom: 1, timestampTo: 99, logIds })
    expect(log!.binlogs[0]).toMatchObject({ timestampFrom: 1n, timestampTo: 99n, logId: 1n })
  })

  test('are none without rows', async () => {
    expect(await written([])).toEqual([])
    expect(await written([[]])).toEqual([])
  })
})

describe('a writer that fails', () => {
  const below = (segment: number) =>
    filesBelow(chunkManager.rootPath).filter((file) => file.includes(`/2/${segment}/`))

  test('in write publishes nothing', async () => {
    const writer = await V1RecordWriter.open(writerOptions())
    await writer.write(recordOf(FIRST))
    const short = batchOf([['k', 100, new Int64(), [1n]]])
    expect((await rejection(() => writer.write(short))).field).toBe('RowID')
    const later = await rejection(() => writer.write(recordOf(SECOND)))
    expect([later.code, (later.cause as Error).message]).toEqual([
      'Closed',
      expect.stringMatching(/RowID/),
    ])
    await writer.close()
    expect(writer.fieldBinlogs).toEqual([])
    expect(below(segments)).toEqual([])
  })

  test('while publishing takes back what it published', async () => {
    const failing: ChunkManager = Object.create(chunkManager, {
      exist: { value: async () => false },
      remove: { value: (path: string) => chunkManager.remove(path) },
      write: {
        value: async (path: string, bytes: Uint8Array) => {
          if (path.includes('/101/')) throw new Error('no luck')
          return chunkManager.write(path, bytes)
        },
      },
    })
    const writer = await V1RecordWriter.open(writerOptions({ chunkManager: failing }))
    await writer.write(recordOf(FIRST))
    await expect(writer.close()).rejects.toThrow('no luck')
    await expect(writer.close()).rejects.toThrow('no luck')
    expect(writer.fieldBinlogs).toEqual([])
    expect(below(segments)).toEqual([])
  })

  test('does not replace logs, and can be discarded', async () => {
    const options = writerOptions()
    const writer = await V1RecordWriter.open(options)
    await writer.write(recordOf(FIRST))
    await writer.close()
    const error = await rejection(() => V1RecordWriter.open(options))
    expect([error.code, error.path]).toEqual([
      'AlreadyExists',
      writer.fieldBinlogs[0]!.binlogs[0]!.logPath,
    ])
    const dropped = await V1RecordWriter.open(writerOptions())
    await dropped.write(recordOf(FIRST))
    await dropped[Symbol.asyncDispose]()
    await dropped.close()
    expect(below(segments)).toEqual([])
  })

  test('stops for a signal', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const writer = await V1RecordWriter.open(writerOptions({ signal: controller.signal }))
    await writer.write(recordOf(FIRST))
    controller.abort(reason)
    await expect(writer.close()).rejects.toBe(reason)
    expect(below(segments)).toEqual([])
  })

  test.each<[string, Partial<V1RecordWriterOptions>, RegExp]>([
    ['an unknown option', { forms: 'codec' } as object, /Did you mean "form"/],
    ['half a range', { timestampFrom: 1 }, /both of timestampFrom and timestampTo/],
    ['no log id', { logIds: new Map() }, /log id of field 0 but received undefined/],
    ['no form', { form: 'flat' as 'codec' }, /'codec' \| 'stream'/],
  ])('refuses %s', async (_, options, message) => {
    expect((await rejection(() => V1RecordWriter.open(writerOptions(options)))).message).toMatch(
      message,
    )
  })

  test('needs times from somewhere', async () => {
    const bare = createCollectionSchema({ name: 'c', fields: [KEY] })
    const writer = await V1RecordWriter.open(writerOptions({ schema: bare }))
    await writer.write(batchOf([['k', 100, new Int64(), [1n]]]))
    expect((await rejection(() => writer.close())).message).toMatch(/Timestamp column/)
  })
})

describe('a reader', () => {
  const grown = (extra: object): CollectionSchema =>
    withSystemFields(
      createCollectionSchema({ name: 'c', fields: [KEY, NOTE, VECTOR, extra as typeof KEY] }),
    )

  test('aligns a field that was added later to the end of the chunks', async () => {
    const flag = { fieldId: 103, name: 'flag', dataType: 'Bool', nullable: true }
    const young = grown(flag)
    const old = await written([FIRST])
    const writer = await V1RecordWriter.open(
      writerOptions({ schema: young, logIds: (fieldId) => 9000n + fieldId }),
    )
    const record = recordOf(SECOND)
    const batch = record.toBatch()
    const fields = [
      ...batch.schema.fields,
      new Field('f', new Bool(), true, new Map([[FIELD_ID_KEY, '103']])),
    ]
    const children = [...batch.data.children, vectorFromArray([true], new Bool()).data[0]!]
    const data = makeData({ type: new Struct(fields), length: 1, nullCount: 0, children })
    await writer.write(new SimpleArrowRecord(new RecordBatch(new Schema(fields), data)))
    await writer.close()
    // Newest first: the ids decide, not the order of the lists.
    const logs = joined(writer.fieldBinlogs, old)
    const rows = await rowsOf(logs, { schema: young, columns: ['key', 'flag'] })
    expect(rows).toEqual([
      { key: 1n, flag: null },
      { key: 2n, flag: null },
      { key: 3n, flag: null },
      { key: 4n, flag: true },
    ])
    const defaulted = grown({ ...flag, defaultValue: false })
    expect(
      (await rowsOf(logs, { schema: defaulted, columns: [103] })).map(({ flag }) => flag),
    ).toEqual([false, false, false, true])
    const given = await rowsOf(logs, {
      schema: young,
      columns: [103],
      defaults: { flag: true, note: 'x' },
    })
    expect(given.map(({ flag }) => flag)).toEqual([true, true, true, true])
  })

  test('counts rows by another field where only added fields are asked for', async () => {
    const young = grown({ fieldId: 103, name: 'flag', dataType: 'Bool', nullable: true })
    const logs = (await written([FIRST])).map((log) => ({
      ...log,
      binlogs: log.binlogs.map((binlog) => ({ ...binlog, entriesNum: 0 })),
    }))
    const rows = await rowsOf(logs, { schema: young, columns: ['flag'] })
    expect(rows).toEqual([{ flag: null }, { flag: null }, { flag: null }])
    expect(await rowsOf(logs)).toEqual(FIRST.map(expectedRow))
  })

  test('ignores fields that were dropped, and reads no log it does not need', async () => {
    const logs = await written([FIRST])
    const bare = createCollectionSchema({ name: 'c', fields: [KEY] })
    expect(await rowsOf(logs, { schema: bare })).toEqual([{ key: 1n }, { key: 2n }, { key: 3n }])
    await chunkManager.remove(logs[4]!.binlogs[0]!.logPath)
    expect((await rowsOf(logs, { columns: ['note', 100] }))[2]).toEqual({ note: '😀', key: 3n })
    const error = await rejection(() => rowsOf(logs))
    expect([error.code, error.path]).toEqual(['NotFound', logs[4]!.binlogs[0]!.logPath])
  })

  test('leaves out rows that are not visible, without giving out what decides on it', async () => {
    const logs = await written([FIRST, SECOND])
    const filter = new VisibilityFilter(35)
    await filter.addDeletes(BigInt64Array.of(2n, 3n), BigInt64Array.of(11n, 20n))
    const rows = await rowsOf(logs, { columns: ['note'], visibility: filter.native(100, 1) })
    expect(rows).toEqual([{ note: 'eins' }, { note: '😀' }])
  })

  test('reads through a chunk manager that the addon cannot follow', async () => {
    const logs = await written([FIRST, SECOND])
    const foreign = Object.create(chunkManager, {
      storage: { value: undefined },
      size: { value: (path: string) => chunkManager.size(path) },
      readAt: {
        value: (path: string, offset: number, length: number) =>
          chunkManager.readAt(path, offset, length),
      },
    }) as ChunkManager
    expect(await rowsOf(logs, { chunkManager: foreign })).toEqual(
      [...FIRST, ...SECOND].map(expectedRow),
    )
  })

  test('finds logs that only have an id', async () => {
    const location = { root: 'ids', collectionId: 1, partitionId: 2, segmentId: 3 }
    const logs = await written([FIRST], { location })
    const bare = logs.map((log) => ({
      ...log,
      binlogs: log.binlogs.map((binlog) => ({ ...binlog, logPath: '' })),
    }))
    expect(await rowsOf(bare, { location })).toEqual(FIRST.map(expectedRow))
    expect((await rejection(() => rowsOf(bare))).message).toMatch(/location/)
  })

  test('is at its end without logs, stays there, and can be closed twice', async () => {
    const reader = await V1RecordReader.open({ fieldBinlogs: [], schema, chunkManager })
    expect([await reader.next(), await reader.next()]).toEqual([null, null])
    expect(reader.schema.fields.length).toBe(5)
    await reader.close()
    await reader.close()
    expect((await rejection(() => reader.next())).code).toBe('Closed')
  })

  test('tells a failure again instead of an end', async () => {
    const logs = await written([FIRST])
    const { logPath } = logs[2]!.binlogs[0]!
    const second = await written([SECOND], { logIds: (fieldId) => 5000n + fieldId })
    await chunkManager.remove(second[2]!.binlogs[0]!.logPath)
    const reader = await V1RecordReader.open({
      fieldBinlogs: joined(logs, second),
      schema,
      chunkManager,
    })
    expect((await reader.next())?.numRows).toBe(3)
    expect((await rejection(() => reader.next())).code).toBe('NotFound')
    expect((await rejection(() => reader.next())).code).toBe('NotFound')
    await reader.close()
    expect(await chunkManager.exist(logPath)).toBe(true)
  })

  test('stops for a signal', async () => {
    const fieldBinlogs = await written([FIRST])
    const reason = new Error('enough')
    const controller = new AbortController()
    const reader = await V1RecordReader.open({
      fieldBinlogs,
      schema,
      chunkManager,
      signal: controller.signal,
    })
    controller.abort(reason)
    await expect(reader.next()).rejects.toBe(reason)
    await reader.close()
  })

  test('refuses logs that do not align', async () => {
    const [first, second] = [
      await written([FIRST]),
      await written([SECOND], { logIds: (id) => 5000n + id }),
    ]
    const longer = joined(first, [second[3]!])
    const swapped = first.map((log, index) => ({ ...log, binlogs: first[4 - index]!.binlogs }))
    const miscounted = first.map((log, index) =>
      index === 2 ? { ...log, binlogs: [{ ...log.binlogs[0]!, entriesNum: 7 }] } : log,
    )
    const lied = first.map((log) => ({ ...log, binlogs: [{ ...log.binlogs[0]!, entriesNum: 7 }] }))
    const cases: [readonly FieldBinlog[], RegExp][] = [
      [
        longer,
        /at most as many logs as the first field has \(field 0: 1\) for field 101 but received 2/,
      ],
      [[...first, first[2]!], /one FieldBinlog for field 100 but received two/],
      [swapped, /a log of field 0 for ".*" but received one of 102/],
      [miscounted, /3 rows in ".*" as in other fields for field 100 but received 7/],
      [lied, /Expected 7 rows for the chunk of ".*" but received 3/],
    ]
    for (const [logs, message] of cases) {
      const error = await rejection(() => rowsOf(logs))
      expect(error.message).toMatch(message)
      expect(error.code).toBe('MetadataCorrupted')
    }
  })

  test('names the field of a column of another type, and the log of a damaged one', async () => {
    const logs = await written([FIRST])
    const other = withSystemFields(
      createCollectionSchema({
        name: 'c',
        fields: [KEY, { ...NOTE, dataType: 'Int64', typeParams: {} }],
      }),
    )
    const mismatch = await rejection(() => rowsOf(logs, { schema: other }))
    expect([mismatch.code, mismatch.field]).toEqual(['TypeMismatch', 'note'])
    const { logPath } = logs[3]!.binlogs[0]!
    const bytes = await chunkManager.read(logPath)
    bytes.fill(0, 190, 230)
    await chunkManager.write(logPath, bytes)
    const damaged = await rejection(() => rowsOf(logs))
    expect([damaged.code, damaged.path]).toEqual(['FileCorrupted', logPath])
  })

  test('refuses logs without insert events', async () => {
    const logs = await written([FIRST])
    const { logPath } = logs[3]!.binlogs[0]!
    const descriptor = {
      collectionId: 1,
      partitionId: 2,
      segmentId: 3,
      fieldId: 101,
      payloadType: 21,
      startTimestamp: 1,
      endTimestamp: 1,
      extras: { originalSize: 0 },
    }
    const event = {
      type: EventType.Delete,
      payload: new Uint8Array(8),
      startTimestamp: 1,
      endTimestamp: 1,
    }
    for (const [events, received] of [
      [[], 'a binlog without events'],
      [[event], 'type 2'],
    ] as const) {
      await chunkManager.write(logPath, buildBinlog(descriptor, events))
      const error = await rejection(() => rowsOf(logs))
      expect(error.message).toBe(
        `Expected insert events (type 1) for "${logPath}" but received ${received}`,
      )
    }
  })

  test.each<[string, ReadOptions, RegExp]>([
    ['an unknown option', { column: ['key'] } as object, /Did you mean "columns"/],
    ['an unknown column', { columns: ['keys'] }, /a name or field id of the schema/],
    ['logs that are no list', { fieldBinlogs: {} as [] }, /an array of FieldBinlog/],
  ])('refuses %s', async (_, options, message) => {
    expect((await rejection(() => rowsOf([], options))).message).toMatch(message)
  })
})

test('a nullable vector keeps its nulls', async () => {
  const nullable = createCollectionSchema({
    name: 'c',
    fields: [KEY, { ...VECTOR, nullable: true }],
  })
  expect(convertToArrowSchema(nullable).fields[1]!.type).toBeInstanceOf(Binary)
  const writer = await V1RecordWriter.open(
    writerOptions({ schema: nullable, timestampFrom: 1, timestampTo: 2 }),
  )
  const vectors = [vectorOf(1), null, vectorOf(3)]
  await writer.write(
    batchOf([
      ['k', 100, new Int64(), [1n, 2n, 3n]],
      ['v', 102, new Binary(), vectors],
    ]),
  )
  await writer.close()
  const rows = await rowsOf(writer.fieldBinlogs, { schema: nullable })
  expect(rows.map(({ vector }) => vector)).toEqual(vectors)
})
