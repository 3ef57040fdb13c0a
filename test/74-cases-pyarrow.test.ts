/** Every file of a segment of ours, read by a program that shares nothing with the library. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { type DeleteLogFormat, writeDeleteLog } from '../lib/binlog/index.js'
import { parseExact } from '../lib/config/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { describeWithPyarrow, pythonEnvironment } from './support/python.js'
import { BOOKS, book, chunk, deletes, IDS, segmentIn } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

/** Columns of Parquet files and of the one event of binlogs; binary as hexadecimal. */
const READ = `
import json, struct, sys
import pyarrow as pa
import pyarrow.parquet as pq

def plain(value):
    return value.hex() if isinstance(value, bytes) else value

def describe(path):
    data = open(path, "rb").read()
    answer = {}
    if data[:4] == bytes.fromhex("bcfaff00"):
        (extras,) = struct.unpack_from("<i", data, 81)
        answer["extras"] = json.loads(data[85 : 85 + extras])
        start = 85 + extras
        answer["event"], length = struct.unpack_from("<bi", data, start + 8)
        assert start + length == len(data)
        data = data[start + 33 :]
    table = pq.read_table(pa.BufferReader(data))
    ids = [(field.metadata or {}).get(b"PARQUET:field_id") for field in table.schema]
    keys = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    return {
        **answer,
        "ids": [value and value.decode() for value in ids],
        "types": [str(field.type) for field in table.schema],
        "columns": [[plain(value) for value in column.to_pylist()] for column in table.columns],
        "groups": keys.get("group_field_id_list"),
    }

print(json.dumps([describe(path) for path in sys.argv[1:]]))
`

interface Described {
  extras?: Record<string, unknown>
  event?: number
  ids: (string | null)[]
  types: string[]
  columns: unknown[][]
  groups: string | null
}

const root = temporaryDirectory('cases-pyarrow')

function describePaths(...paths: string[]): Described[] {
  const output = execFileSync('python3', ['-c', READ, ...paths], {
    env: pythonEnvironment(),
    encoding: 'utf8',
  })
  return parseExact(output) as Described[]
}

const hex = (values: Float32Array) => Buffer.from(values.buffer).toString('hex')

describeWithPyarrow('files of a segment', () => {
  test('column groups hold the rows under their field ids', async () => {
    const rows = [1, 2, 3].map((id) => book(id, id * 10))
    const { info } = await segmentIn(join(root, 'v2'), [chunk(BOOKS, rows)])
    const paths = info.binlogs.map(({ binlogs }) => join(root, 'v2', binlogs[0]!.logPath))
    const read = describePaths(...paths)
    expect(read.map(({ groups }) => groups)).toEqual(Array(3).fill('0,1,100;102,103;101'))
    expect(read.map(({ ids }) => ids)).toEqual([['0', '1', '100'], ['102', '103'], ['101']])
    expect(read.flatMap(({ types }) => types)).toEqual([
      ...['int64', 'int64', 'int64', 'int32', 'string', 'fixed_size_binary[16]'],
    ])
    expect(read.flatMap(({ columns }) => columns)).toEqual([
      [1, 2, 3],
      [10, 20, 30],
      [1, 2, 3],
      [10, 20, null],
      ['title 1', 'title 2', 'title 3'],
      [1, 2, 3].map((id) => hex(Float32Array.of(id, id + 0.25, -id, 1))),
    ])
  })

  test.each<[DeleteLogFormat, Partial<Described>]>([
    [
      'json',
      {
        event: 2,
        extras: { original_size: '68' },
        columns: [['{"pk":"a\\u003cb","ts":100,"pkType":21}', '{"pk":"é","ts":7,"pkType":21}']],
      },
    ],
    [
      'parquet',
      {
        event: 2,
        types: ['string', 'int64'],
        columns: [
          ['a<b', 'é'],
          [100, 7],
        ],
      },
    ],
    [
      'packed',
      {
        ids: ['0', '1'],
        types: ['string', 'int64'],
        groups: '0,1',
        columns: [
          ['a<b', 'é'],
          [100, 7],
        ],
      },
    ],
  ])('a delete log as %s holds keys and timestamps', async (format, expected) => {
    const chunks = new LocalChunkManager({ rootPath: root })
    const options = { ...IDS, logId: 9, format }
    await writeDeleteLog(chunks, `delta_${format}`, deletes(['a<b', 100], ['é', 7]), options)
    expect(describePaths(join(root, `delta_${format}`))).toMatchObject([expected])
  })
})
