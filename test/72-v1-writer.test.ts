import { Binary, Int64 } from 'apache-arrow'
import { readBinlog, V1RecordWriter, type V1RecordWriterOptions } from '../lib/binlog/index.js'
import { convertToArrowSchema, createCollectionSchema } from '../lib/schema/index.js'
import type { ChunkManager } from '../lib/storage/index.js'
import { rejection } from './support/rejection'
import { filesBelow } from './support/temporary'
import {
  batchOf,
  chunkManager,
  expectedRow,
  FIRST,
  KEY,
  lastSegment,
  recordOf,
  rowsOf,
  SECOND,
  VECTOR,
  vectorOf,
  writerOptions,
  written,
} from './support/v1-segments'

describe.each(['codec', 'stream'] as const)('the %s form', (form) => {
  test('gives back what was written, a record per event, rows in order', async () => {
    const logs = await written([FIRST, SECOND], { form })
    expect(await rowsOf(logs)).toEqual([...FIRST, ...SECOND].map(expectedRow))
    const { descriptor, events } = await readBinlog(chunkManager, logs[3]!.binlogs[0]!.logPath)
    expect(events.map(({ type }) => type)).toEqual([1, 1])
    expect(descriptor).toMatchObject({
      fieldId: 101n,
      segmentId: BigInt(lastSegment()),
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
    expect(below(lastSegment())).toEqual([])
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
    expect(below(lastSegment())).toEqual([])
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
    expect(below(lastSegment())).toEqual([])
  })

  test('stops for a signal', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const writer = await V1RecordWriter.open(writerOptions({ signal: controller.signal }))
    await writer.write(recordOf(FIRST))
    controller.abort(reason)
    await expect(writer.close()).rejects.toBe(reason)
    expect(below(lastSegment())).toEqual([])
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
