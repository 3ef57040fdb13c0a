import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type FieldBinlog,
  fieldBinlogFromJson,
  readBinlog,
  readDeleteLog,
  V1RecordReader,
} from '../lib/binlog/index.js'
import { createCollectionSchema } from '../lib/schema/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'

/** Made by test/interop/make_golden_v1.py, without this library. */
const DIRECTORY = join(__dirname, 'golden', 'v1')
const chunks = new LocalChunkManager({ rootPath: DIRECTORY })
const expected = JSON.parse(readFileSync(join(DIRECTORY, 'expected.json'), 'utf8')) as Record<
  string,
  { field: number; events: number; values: unknown[]; keys: string[]; timestamps: string[] }
>

const schema = createCollectionSchema({
  name: 'golden',
  fields: [
    { fieldId: 100, name: 'key', dataType: 'Int64', isPrimaryKey: true },
    { fieldId: 101, name: 'word', dataType: 'VarChar', typeParams: { max_length: '400' } },
    { fieldId: 102, name: 'vector', dataType: 'FloatVector', dim: 2 },
    { fieldId: 103, name: 'flag', dataType: 'Bool', nullable: true },
  ],
})

function logOf(name: string): FieldBinlog {
  const { field, values } = expected[name]!
  const binlogs = [{ entries_num: values.length, log_path: name }]
  return fieldBinlogFromJson({ fieldID: field, binlogs })
}

function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) return Buffer.from(value as Uint8Array).toString('hex')
  return typeof value === 'bigint' ? String(value) : value
}

describe.each([
  'codec-int64-two-events',
  'codec-bool-nullable',
  'stream-varchar',
  'stream-vector-two-events',
])('the insert log %s', (name) => {
  const { field, events, values } = expected[name]!

  test('has the events that it was made of', async () => {
    const file = await readBinlog(chunks, name)
    expect(file.descriptor.fieldId).toBe(BigInt(field))
    expect(file.descriptor.segmentId).toBe(449000000000000003n)
    expect(file.events.map(({ type }) => type)).toEqual(Array(events).fill(1))
    const times = file.events.map(({ startTimestamp }) => startTimestamp)
    const streamed = name.startsWith('stream')
    expect(times).toEqual(
      Array.from({ length: events }, (_, index) =>
        streamed ? 1n : 449000000000000100n + BigInt(index),
      ),
    )
  })

  test('gives the values that it was made of', async () => {
    const reader = await V1RecordReader.open({
      fieldBinlogs: [logOf(name)],
      schema,
      chunkManager: chunks,
      columns: [field],
    })
    const read: unknown[] = []
    for await (const record of reader) {
      for (const value of record.toBatch().getChildAt(0)!) read.push(plain(value))
    }
    expect(read).toEqual(values)
  })
})

describe.each([
  'delete-json-int64',
  'delete-json-varchar',
  'delete-legacy-text',
  'delete-multi-field-int64',
  'delete-multi-field-varchar',
  'delete-packed-int64',
  'delete-packed-varchar',
])('the delete log %s', (name) => {
  test('gives the keys and times that it was made of', async () => {
    const { keys, timestamps } = await readDeleteLog(chunks, name)
    expect(Array.from(keys, String)).toEqual(expected[name]!.keys)
    expect(Array.from(timestamps, String)).toEqual(expected[name]!.timestamps)
    expect(Array.isArray(keys)).toBe(name.endsWith('varchar'))
  })
})
