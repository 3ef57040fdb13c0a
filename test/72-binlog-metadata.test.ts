import {
  buildManifestPath,
  type FieldBinlog,
  fieldBinlogFromJson,
  fieldBinlogFromProto,
  fieldBinlogOf,
  fieldBinlogToJson,
  fieldBinlogToProto,
  parseManifestPath,
} from '../lib/binlog/index.js'
import { rejection } from './support/rejection'

const GROUP: FieldBinlog = {
  fieldId: 9223372036854775807n,
  binlogs: [
    {
      entriesNum: 5,
      timestampFrom: 450000000000000001n,
      timestampTo: 18446744073709551615n,
      logPath: 'files/insert_log/1/2/3/0/9',
      logSize: 1234,
      logId: 9n,
      memorySize: 4321,
      fieldNullCounts: new Map([
        [0n, 0],
        [100n, 2],
      ]),
    },
  ],
  childFields: [0n, 1n, 100n],
  format: 'parquet',
}

describe('FieldBinlog as JSON', () => {
  test('has the names of Milvus and goes through text without losing a digit', () => {
    const text = JSON.stringify(fieldBinlogToJson(GROUP))
    expect(JSON.parse(text)).toEqual({
      fieldID: '9223372036854775807',
      binlogs: [
        {
          entries_num: 5,
          timestamp_from: '450000000000000001',
          timestamp_to: '18446744073709551615',
          log_path: 'files/insert_log/1/2/3/0/9',
          log_size: 1234,
          logID: '9',
          memory_size: 4321,
          field_null_counts: { 0: 0, 100: 2 },
        },
      ],
      child_fields: ['0', '1', '100'],
      format: 'parquet',
    })
    expect(fieldBinlogFromJson(text)).toEqual(GROUP)
  })

  test('is read with bare numbers beyond 2^53, in camelCase, and with parts missing', () => {
    const read = fieldBinlogFromJson(
      '{"fieldId":101,"binlogs":[{"entriesNum":"7","timestampFrom":450000000000000001,' +
        '"logPath":"a/b","log_id":3,"later":true}],"childFields":null}',
    )
    expect(read.fieldId).toBe(101n)
    expect(read.childFields).toEqual([])
    expect(read.format).toBe('')
    expect(read.binlogs).toEqual([
      {
        entriesNum: 7,
        timestampFrom: 450000000000000001n,
        timestampTo: 0n,
        logPath: 'a/b',
        logSize: 0,
        logId: 3n,
        memorySize: 0,
        fieldNullCounts: new Map(),
      },
    ])
  })

  test.each([
    ['no JSON', '{"fieldID":', /JSON for a FieldBinlog/],
    ['a list', [], /an object for FieldBinlog/],
    ['a rounded timestamp', { binlogs: [{ timestamp_to: 2 ** 60 }] }, /binlogs\[0\]\.timestamp_to/],
    ['a negative count', { binlogs: [{ entries_num: -1 }] }, /entries_num but received -1/],
    ['an id of 65 bits', { fieldID: '18446744073709551616' }, /64-bit integer/],
    [
      'a path that is no text',
      { binlogs: [{ log_path: 7 }] },
      /a string for binlogs\[0\]\.log_path/,
    ],
    ['logs that are no list', { binlogs: {} }, /an array for FieldBinlog\.binlogs/],
  ])('refuses %s', async (_, json, message) => {
    const error = await rejection(() => fieldBinlogFromJson(json))
    expect(error.code).toBe('MetadataCorrupted')
    expect(error.message).toMatch(message)
  })
})

describe('FieldBinlog as protobuf', () => {
  test('has the field numbers of Milvus', () => {
    const bytes = fieldBinlogToProto({
      fieldId: 1n,
      binlogs: [
        {
          entriesNum: 2,
          timestampFrom: 3n,
          timestampTo: 4n,
          logPath: 'p',
          logSize: 5,
          logId: 6n,
          memorySize: 7,
          fieldNullCounts: new Map([[8n, 9]]),
        },
      ],
      childFields: [10n, 11n],
      format: 'f',
    })
    const binlog = '0802 1003 1804 220170 2805 3006 3807 420408081009'.replaceAll(' ', '')
    expect(Buffer.from(bytes).toString('hex')).toBe(
      `0801${'12'}${(binlog.length / 2).toString(16)}${binlog}1a020a0b220166`,
    )
  })

  test('comes back whole', () => {
    expect(fieldBinlogFromProto(fieldBinlogToProto(GROUP))).toEqual(GROUP)
  })

  test.each([
    ['cut bytes', fieldBinlogToProto(GROUP).slice(0, -3)],
    ['a negative count', Uint8Array.from([0x12, 11, 0x08, ...Array(9).fill(0xff), 1])],
  ])('refuses %s', async (_, bytes) => {
    expect((await rejection(() => fieldBinlogFromProto(bytes))).code).toBe('MetadataCorrupted')
  })
})

describe('the log of a written column group', () => {
  const group = {
    id: 0n,
    path: 'seg/0',
    fields: ['pk', 'note'],
    fieldIds: [100n, 102n],
    rows: 3,
    fileBytes: 900,
    footerBytes: 300,
    compressedBytes: 500,
    uncompressedBytes: 2000,
    rowGroups: 1,
    nullCounts: { note: 2 },
    columns: {},
  }

  test('counts the bytes of the object, or the decoded ones where asked', () => {
    const facts = { timestampFrom: 10, timestampTo: 30n }
    const compressed = fieldBinlogOf(group, facts)
    expect(compressed).toEqual({
      fieldId: 0n,
      childFields: [100n, 102n],
      format: '',
      binlogs: [
        {
          entriesNum: 3,
          timestampFrom: 10n,
          timestampTo: 30n,
          logPath: 'seg/0',
          logSize: 900,
          logId: 0n,
          memorySize: 2000,
          fieldNullCounts: new Map([
            [100n, 0],
            [102n, 2],
          ]),
        },
      ],
    })
    const decoded = fieldBinlogOf(group, { ...facts, logSize: 'uncompressed', logId: 4 })
    expect(decoded.binlogs[0]).toMatchObject({ logSize: 2000, memorySize: 2000, logId: 4n })
  })

  test('refuses a timestamp that a double has rounded', async () => {
    const error = await rejection(() =>
      fieldBinlogOf(group, { timestampFrom: 2 ** 53, timestampTo: 1 }),
    )
    expect(error.message).toMatch(/timestampFrom but received 9007199254740992/)
  })
})

describe('manifest path', () => {
  test('is the JSON of Milvus, both ways (case 36)', () => {
    const text = '{"ver":3,"base_path":"files/insert_log/1/2/3"}'
    const path = { version: 3, basePath: 'files/insert_log/1/2/3' }
    expect(buildManifestPath(path)).toBe(text)
    expect(parseManifestPath(text)).toEqual(path)
    expect(parseManifestPath('{"base_path":"b","ver":-1}')).toEqual({ version: -1, basePath: 'b' })
    expect(parseManifestPath('')).toBeUndefined()
  })

  test.each([
    '{',
    '7',
    'null',
    '{"ver":"3","base_path":"b"}',
    '{"ver":3}',
    '{"ver":-2,"base_path":"b"}',
  ])('refuses %s', async (text) => {
    expect((await rejection(() => parseManifestPath(text))).code).toBe('MetadataCorrupted')
  })
})
