import { Bool, Field, makeData, RecordBatch, Schema, Struct, vectorFromArray } from 'apache-arrow'
import {
  buildBinlog,
  EventType,
  type FieldBinlog,
  readBinlog,
  V1RecordReader,
  V1RecordWriter,
} from '../lib/binlog/index.js'
import { VisibilityFilter } from '../lib/packed/index.js'
import {
  type CollectionSchema,
  createCollectionSchema,
  FIELD_ID_KEY,
  SimpleArrowRecord,
  withSystemFields,
} from '../lib/schema/index.js'
import type { ChunkManager } from '../lib/storage/index.js'
import { rejection } from './support/rejection'
import {
  chunkManager,
  expectedRow,
  FIRST,
  joined,
  KEY,
  NOTE,
  type ReadOptions,
  recordOf,
  rowsOf,
  SECOND,
  schema,
  VECTOR,
  writerOptions,
  written,
} from './support/v1-segments'

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
    const young = grown({ fieldId: 103, name: 'flag', dataType: 'Bool', nullable: true })
    const options = { schema: young, columns: ['flag'], visibility: filter.native(100, 1) }
    expect(await rowsOf(logs, options)).toEqual([{ flag: null }, { flag: null }])
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

  test('hands encrypted logs to the decryptor, others not', async () => {
    const logs = await written([FIRST])
    const { logPath } = logs[3]!.binlogs[0]!
    const { descriptor, events } = await readBinlog(chunkManager, logPath)
    const { offset, length } = events[0]!.payload
    const payload = await chunkManager.readAt(logPath, offset, length)
    const extras = { ...descriptor.extras, encryption: { edek: 'k', zone: 4n } }
    const sealed = buildBinlog({ ...descriptor, extras }, [{ ...events[0]!, payload }])
    const mask = (bytes: Uint8Array) => bytes.map((byte) => ~byte)
    sealed.set(mask(sealed.subarray(-length - 33)), sealed.length - length - 33)
    await chunkManager.write(logPath, sealed)
    const zones: bigint[] = []
    const rows = await rowsOf(logs, {
      decryptor: ({ zone, bytes }) => {
        zones.push(zone)
        return mask(bytes)
      },
    })
    expect(rows).toEqual(FIRST.map(expectedRow))
    expect(zones).toEqual([4n])
    const error = await rejection(() => rowsOf(logs))
    expect([error.code, error.path]).toEqual(['Encryption', logPath])
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
