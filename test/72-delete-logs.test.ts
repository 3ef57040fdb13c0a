import {
  Field,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import fc from 'fast-check'
import {
  buildBinlog,
  type DeleteLogFormat,
  EventType,
  readBinlog,
  readDeleteLog,
  type WriteDeleteLogOptions,
  writeDeleteLog,
} from '../lib/binlog/index.js'
import { parseExact } from '../lib/config/index.js'
import { DeleteData } from '../lib/data/index.js'
import { encodePayload, inspectFile, PackedReader, PackedWriter } from '../lib/packed/index.js'
import { type ChunkManager, LocalChunkManager } from '../lib/storage/index.js'
import { rejection } from './support/rejection'
import { temporaryDirectory } from './support/temporary'

const chunks = new LocalChunkManager({ rootPath: temporaryDirectory('delete-logs') })
const IDS = { collectionId: 1, partitionId: 2, segmentId: 3n, logId: 9 }
const FORMATS: DeleteLogFormat[] = ['json', 'parquet', 'packed']

function deletesOf(keys: readonly (bigint | string)[], times: readonly bigint[]): DeleteData {
  const deletes = new DeleteData()
  deletes.appendColumns(keys, times)
  return deletes
}

const listOf = (keys: ArrayLike<unknown>): unknown[] => Array.from(keys)

async function roundTrip(deletes: DeleteData, options: Partial<WriteDeleteLogOptions>) {
  const log = await writeDeleteLog(chunks, 'delta_log/1/2/3/9', deletes, { ...IDS, ...options })
  return { log: log!, read: await readDeleteLog(chunks, log!.logPath) }
}

/** A log with these rows in the column `val`, or with these columns. */
async function logOf(
  columns: Record<string, readonly unknown[]>,
  version?: string,
): Promise<string> {
  const types = Object.values(columns).map((values) =>
    typeof values.find((value) => value !== null) === 'bigint' ? new Int64() : new Utf8(),
  )
  const fields = Object.keys(columns).map((name, index) => new Field(name, types[index]!, true))
  const children = Object.values(columns).map(
    (values, index) => vectorFromArray(values, types[index]!).data[0]!,
  )
  const schema = new Schema(fields)
  const length = children[0]!.length
  const data = makeData({ type: new Struct(fields), length, nullCount: 0, children })
  const payload = await encodePayload(schema, [new RecordBatch(schema, data)])
  const times = { startTimestamp: 1, endTimestamp: 1 }
  const extras = { originalSize: 1, ...(version === undefined ? {} : { version }) }
  const descriptor = { ...IDS, ...times, fieldId: -1, payloadType: 20, extras }
  const { logId: _, ...head } = descriptor
  await chunks.write('made', buildBinlog(head, [{ type: EventType.Delete, payload, ...times }]))
  return 'made'
}

describe.each(FORMATS)('a delete log as %s', (format) => {
  test('gives back integers of 64 bits in their order, over several batches', async () => {
    const keys = Array.from({ length: 5000 }, (_, row) => BigInt(row) * 1_000_000_000_000_003n)
    keys[7] = -(2n ** 63n)
    keys[8] = 2n ** 63n - 1n
    const times = keys.map((_, row) => 450_000_000_000_000_000n + BigInt(row % 97))
    const { log, read } = await roundTrip(deletesOf(keys, times), { format })
    expect(listOf(read.keys)).toEqual(keys)
    expect(Array.from(read.timestamps)).toEqual(times)
    expect(log).toEqual({
      entriesNum: 5000,
      timestampFrom: 450_000_000_000_000_000n,
      timestampTo: 450_000_000_000_000_096n,
      logPath: 'delta_log/1/2/3/9',
      logSize: await chunks.size('delta_log/1/2/3/9'),
      logId: 9n,
      memorySize: 5000 * 24,
      fieldNullCounts: new Map(),
    })
  })

  test('gives back any text, duplicates included', async () => {
    const keys = ['a<b', '', '"\\/\b\n', '\u2028&>', '😀漢字', 'a<b', '{"pk":1', '\u0000']
    const times = keys.map((_, row) => BigInt(row + 1))
    const { read } = await roundTrip(deletesOf(keys, times), { format })
    expect(read.keys).toEqual(keys)
    expect(Array.from(read.timestamps)).toEqual(times)
  })

  test('is not written without deletes (case 32)', async () => {
    const options = { ...IDS, format }
    expect(await writeDeleteLog(chunks, 'none', new DeleteData(), options)).toBeUndefined()
    expect(await chunks.exist('none')).toBe(false)
  })

  test('is not written for an aborted signal, nor with ids that are none', async () => {
    const deletes = deletesOf([1n], [1n])
    const reason = new Error('enough')
    const options = { ...IDS, format }
    const signal = AbortSignal.abort(reason)
    await expect(writeDeleteLog(chunks, 'none', deletes, { ...options, signal })).rejects.toBe(
      reason,
    )
    const error = await rejection(() =>
      writeDeleteLog(chunks, 'none', deletes, { ...options, logId: -1 }),
    )
    expect(error.message).toMatch(/logId/)
    expect(await chunks.exist('none')).toBe(false)
  })
})

describe('the bytes of a delete log', () => {
  /** The rows of column `val`, as they are stored. */
  async function storedRows(path: string): Promise<unknown[]> {
    const { events } = await readBinlog(chunks, path)
    const { offset, length } = events[0]!.payload
    await chunks.write('payload.parquet', await chunks.readAt(path, offset, length))
    const reader = await PackedReader.open({
      paths: ['payload.parquet'],
      storage: { rootPath: chunks.rootPath },
      lenient: true,
    })
    return [...(await reader.toTable()).getChild('val')!]
  }

  test('are JSON rows as Go prints them (case 31)', async () => {
    await roundTrip(deletesOf([1n], [100n]), {})
    expect(await storedRows('delta_log/1/2/3/9')).toEqual(['{"pk":1,"ts":100,"pkType":5}'])
    await roundTrip(deletesOf(['a<b>&"\u2028'], [100n]), { format: 'json' })
    expect(await storedRows('delta_log/1/2/3/9')).toEqual([
      '{"pk":"a\\u003cb\\u003e\\u0026\\"\\u2028","ts":100,"pkType":21}',
    ])
    const { descriptor, events } = await readBinlog(chunks, 'delta_log/1/2/3/9')
    expect(descriptor).toMatchObject({ fieldId: -1n, payloadType: 20, startTimestamp: 100n })
    expect(descriptor.extras).toEqual({ originalSize: 58 })
    expect(events.map(({ type }) => type)).toEqual([2])
  })

  test('say MULTI_FIELD where keys and times have columns of their own', async () => {
    await roundTrip(deletesOf([1n, 2n], [100n, 101n]), { format: 'parquet' })
    const { descriptor, events } = await readBinlog(chunks, 'delta_log/1/2/3/9')
    expect(descriptor).toMatchObject({ fieldId: -1n, payloadType: 5, startTimestamp: 0n })
    expect(descriptor.extras).toEqual({ originalSize: 32, version: 'MULTI_FIELD' })
    expect(events.map(({ type, startTimestamp }) => [type, startTimestamp])).toEqual([[2, 1n]])
  })

  test('are group 0 of the fields 0 and 1 in StorageV2', async () => {
    await roundTrip(deletesOf(['x'], [7n]), { format: 'packed' })
    const info = await inspectFile('delta_log/1/2/3/9', { storage: { rootPath: chunks.rootPath } })
    expect(info.metadata.get('group_field_id_list')).toBe('0,1')
    expect(info.schema.fields.map(({ type, nullable }) => `${type} ${nullable}`)).toEqual([
      'Utf8 false',
      'Int64 false',
    ])
  })

  test('cannot be packed where the addon cannot write', async () => {
    const foreign: ChunkManager = Object.create(chunks, { storage: { value: undefined } })
    const error = await rejection(() =>
      writeDeleteLog(foreign, 'none', deletesOf([1n], [1n]), { ...IDS, format: 'packed' }),
    )
    expect([error.code, error.path]).toEqual(['NotSupported', 'none'])
  })

  test('need a time that is not 0 in a JSON log', async () => {
    const error = await rejection(() => roundTrip(deletesOf([1n], [0n]), {}))
    expect([error.code, error.message]).toEqual(['InvalidArgument', expect.stringMatching(/not 0/)])
  })
})

describe('reading', () => {
  test('takes JSON of any spelling, and old rows between new ones', async () => {
    const path = await logOf({
      val: [
        '{"pk":7,"ts":42,"pkType":5}',
        '7,42',
        ' { "ts" : 18 , "pkType":5,\n"pk" : -9223372036854775808, "later":[1] } ',
        '{"pk":9007199254740993,"ts":9223372036854775807,"pkType":5}',
        '{"pk":1e2,"ts":3}',
        '{"pk":0,"ts":0,"pkType":5}',
      ],
    })
    const { keys, timestamps } = await readDeleteLog(chunks, path)
    expect(listOf(keys)).toEqual([7n, 7n, -(2n ** 63n), 9007199254740993n, 100n, 0n])
    expect(Array.from(timestamps)).toEqual([42n, 42n, 18n, 2n ** 63n - 1n, 3n, 0n])
  })

  test('scans the usual row as a JSON parser reads it', async () => {
    const row = fc.record({
      pk: fc.oneof(
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
        fc.string({ unit: 'binary' }),
      ),
      ts: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
        const isText = typeof rows[0]!.pk === 'string'
        const same = rows.filter(({ pk }) => (typeof pk === 'string') === isText)
        const lines = same.map(
          ({ pk, ts }) =>
            `{"pk":${isText ? JSON.stringify(pk) : pk},"ts":${ts},"pkType":${isText ? 21 : 5}}`,
        )
        const { keys, timestamps } = await readDeleteLog(chunks, await logOf({ val: lines }))
        const parsed = lines.map((line) => parseExact(line) as { pk: unknown; ts: number | bigint })
        expect(Array.from(keys as string[], String)).toEqual(parsed.map(({ pk }) => String(pk)))
        expect(Array.from(timestamps)).toEqual(parsed.map(({ ts }) => BigInt(ts)))
      }),
      { numRuns: 50 },
    )
  })

  test('takes an object without bytes for one without deletes', async () => {
    await chunks.write('empty', new Uint8Array(0))
    expect((await readDeleteLog(chunks, 'empty')).rowCount).toBe(0)
  })

  test('hands an encrypted log to the decryptor', async () => {
    const times = { startTimestamp: 1, endTimestamp: 1 }
    const clear = await roundTrip(deletesOf([5n], [6n]), {})
    const file = await readBinlog(chunks, clear.log.logPath)
    const { offset, length } = file.events[0]!.payload
    const payload = await chunks.readAt(clear.log.logPath, offset, length)
    const extras = { originalSize: 1, encryption: { edek: 'k', zone: 4n } }
    const { logId: _, ...ids } = IDS
    const head = { ...ids, ...times, fieldId: -1, payloadType: 20, extras }
    const sealed = buildBinlog(head, [{ type: EventType.Delete, payload, ...times }])
    const start = sealed.length - length - 33
    sealed.set(
      sealed.subarray(start).map((byte) => ~byte),
      start,
    )
    await chunks.write('sealed', sealed)
    const decryptor = ({ bytes }: { bytes: Uint8Array }) => bytes.map((byte) => ~byte)
    const { keys } = await readDeleteLog(chunks, 'sealed', { decryptor })
    expect(listOf(keys)).toEqual([5n])
    expect((await rejection(() => readDeleteLog(chunks, 'sealed'))).code).toBe('Encryption')
  })

  test('asks for the key of an encrypted StorageV2 log', async () => {
    const storage = { rootPath: chunks.rootPath }
    const key = Buffer.alloc(16, 7)
    await roundTrip(deletesOf(['x'], [1n]), { format: 'packed' })
    const plain = await PackedReader.open({ paths: ['delta_log/1/2/3/9'], storage })
    const writer = await PackedWriter.open({
      schema: plain.schema,
      groups: [{ id: 0, path: 'sealed-v2', fields: ['pk', 'ts'] }],
      encryption: { key, keyMetadata: Buffer.from('zone 4') },
      storage,
    })
    for await (const batch of plain) await writer.write(batch)
    await writer.finish()
    const asked: string[] = []
    const keyRetriever = (metadata: Uint8Array) => {
      asked.push(Buffer.from(metadata).toString())
      return key
    }
    const { keys, timestamps } = await readDeleteLog(chunks, 'sealed-v2', { keyRetriever })
    expect([listOf(keys), listOf(timestamps)]).toEqual([['x'], [1n]])
    expect(new Set(asked)).toEqual(new Set(['zone 4']))
    const error = await rejection(() => readDeleteLog(chunks, 'sealed-v2'))
    expect([error.code, error.path]).toEqual(['Encryption', 'sealed-v2'])
  })

  test('reads columns through a chunk manager that the addon cannot follow', async () => {
    const foreign: ChunkManager = Object.create(chunks, {
      storage: { value: undefined },
      size: { value: (path: string) => chunks.size(path) },
      readAt: {
        value: (path: string, at: number, length: number) => chunks.readAt(path, at, length),
      },
    })
    for (const format of FORMATS) {
      const { log } = await roundTrip(deletesOf(['x', 'y'], [1n, 2n]), { format })
      expect((await readDeleteLog(foreign, log.logPath)).keys).toEqual(['x', 'y'])
    }
  })

  test.each([
    ['{"pk":1,"ts":2,"pkType":5', /a JSON object, or "key,timestamp" for row 1/],
    ['x,2', /a JSON object/],
    ['1,2,3', /a JSON object/],
    ['[1,2]', /an integer "ts" for row 1/],
    ['{"pk":1,"pkType":5}', /an integer "ts" for row 1 .* undefined/],
    ['{"pk":"a","ts":1,"pkType":5}', /an integer "pk" for row 1 .* "a" \(string\)/],
    ['{"pk":1,"ts":1,"pkType":21}', /a string "pk" for row 1/],
    ['{"pk":1,"ts":1,"pkType":11}', /"pkType" of 5 or 21 for row 1/],
    ['{"pk":1.5,"ts":1,"pkType":5}', /an integer "pk"/],
    ['{"pk":9223372036854775808,"ts":1,"pkType":5}', /a key of 64 bits/],
    ['{"pk":1,"ts":-1,"pkType":5}', /a timestamp >= 0 .* row 1/],
    ['1,-1', /a JSON object/],
    ['{"pk":1,"ts":18446744073709551615,"pkType":5}', /a timestamp from 0/],
    ['{"pk":"a","ts":1,"pkType":21}', /a key of the type of row 0 for row 1/],
  ])('refuses the row %s by its number', async (row, message) => {
    const path = await logOf({ val: ['{"pk":1,"ts":2,"pkType":5}', row] })
    const error = await rejection(() => readDeleteLog(chunks, path))
    expect([error.code, error.path]).toEqual(['FileCorrupted', 'made'])
    expect(error.message).toMatch(message)
  })

  test('refuses nulls, negative times and versions it does not know', async () => {
    const nulls = await logOf({ pk: [1n, null], ts: [1n, 2n] }, 'MULTI_FIELD')
    const missing = await rejection(() => readDeleteLog(chunks, nulls))
    expect([missing.code, missing.field]).toEqual(['InvalidData', 'pk'])
    const negative = await logOf({ pk: [1n, 2n], ts: [1n, -2n] }, 'MULTI_FIELD')
    const error = await rejection(() => readDeleteLog(chunks, negative))
    expect([error.code, error.path]).toEqual(['FileCorrupted', 'made'])
    expect(error.message).toMatch(/row 1/)
    const unknown = await logOf({ val: ['1,2'] }, 'COLUMNS')
    expect((await rejection(() => readDeleteLog(chunks, unknown))).code).toBe('NotSupported')
  })

  test('refuses what is no delete log', async () => {
    await chunks.write('text', new TextEncoder().encode('1,2\n'))
    const error = await rejection(() => readDeleteLog(chunks, 'text'))
    expect([error.code, error.message]).toEqual([
      'FileCorrupted',
      expect.stringMatching(/"1,2\\n"/),
    ])
    expect((await rejection(() => readDeleteLog(chunks, 'absent'))).code).toBe('NotFound')
    const { log } = await roundTrip(deletesOf([1n], [1n]), {})
    const cut = (await chunks.read(log.logPath)).slice(0, -1)
    await chunks.write('cut', cut)
    expect((await rejection(() => readDeleteLog(chunks, 'cut'))).code).toBe('FileCorrupted')
  })
})
