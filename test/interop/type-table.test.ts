/**
 * Type by type: everything pyarrow's IPC writer offers goes through apache-arrow, the addon, a
 * file and back. Each type has one expected outcome; a type without one fails.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Schema, type Table, tableFromIPC, tableToIPC } from 'apache-arrow'
import { isPackedError, PackedReader, PackedWriter } from '../../lib/index.js'
import { describeWithPyarrow, Oracle } from '../support/python.js'
import { temporaryDirectory } from '../support/temporary.js'

interface Sample {
  name: string
  path: string
  rows: number
}

/** Read back with its own schema: same type, nulls and bits. */
const EQUAL = 'equal'
/** Parquet has no such type, and no Arrow schema stands beside the file. */
const REFUSED = 'write: UnsupportedType value'
/** apache-arrow's own error. */
const undecodable = (type: string, id: number) => `decode: Unrecognized type: "${type}" (${id})`

const EXPECTED: Record<string, string> = {
  null: EQUAL,
  bool: EQUAL,
  int8: EQUAL,
  uint8: EQUAL,
  int16: EQUAL,
  uint16: EQUAL,
  int32: EQUAL,
  uint32: EQUAL,
  int64: EQUAL,
  uint64: EQUAL,
  float16: EQUAL,
  float32: EQUAL,
  float64: EQUAL,
  decimal32: EQUAL,
  decimal64: EQUAL,
  decimal128: EQUAL,
  decimal256: EQUAL,
  date32: EQUAL,
  date64: EQUAL,
  'time[s]': EQUAL,
  'time[ms]': EQUAL,
  'time[us]': EQUAL,
  'time[ns]': EQUAL,
  'timestamp[s]': EQUAL,
  'timestamp[s, UTC]': EQUAL,
  'timestamp[s, Berlin]': EQUAL,
  'timestamp[ms]': EQUAL,
  'timestamp[ms, UTC]': EQUAL,
  'timestamp[ms, Berlin]': EQUAL,
  'timestamp[us]': EQUAL,
  'timestamp[us, UTC]': EQUAL,
  'timestamp[us, Berlin]': EQUAL,
  'timestamp[ns]': EQUAL,
  'timestamp[ns, UTC]': EQUAL,
  'timestamp[ns, Berlin]': EQUAL,
  'duration[s]': EQUAL,
  'duration[ms]': EQUAL,
  'duration[us]': EQUAL,
  'duration[ns]': EQUAL,
  month_day_nano_interval: REFUSED,
  binary: EQUAL,
  large_binary: EQUAL,
  binary_view: EQUAL,
  string: EQUAL,
  large_string: EQUAL,
  string_view: EQUAL,
  fixed_size_binary: EQUAL,
  list: EQUAL,
  'list<string>': EQUAL,
  'list<list>': EQUAL,
  large_list: EQUAL,
  list_view: undecodable('ListView', 25),
  large_list_view: undecodable('LargeListView', 26),
  'fixed_size_list<int32>': EQUAL,
  'fixed_size_list<float32>': EQUAL,
  'fixed_size_list<float16>': EQUAL,
  'fixed_size_list<int8>': EQUAL,
  struct: EQUAL,
  'list<struct>': EQUAL,
  map: EQUAL,
  'dictionary<int8, string>': EQUAL,
  'dictionary<uint8, string>': EQUAL,
  'dictionary<int16, string>': EQUAL,
  'dictionary<int32, string>': EQUAL,
  'dictionary<int64, string>': EQUAL,
  'dictionary<int32, int64>': EQUAL,
  'dictionary<int32, binary>': EQUAL,
  run_end_encoded: undecodable('RunEndEncoded', 22),
  sparse_union: REFUSED,
  dense_union: REFUSED,
  'extension uuid': EQUAL,
  'extension json': EQUAL,
  'extension bool8': EQUAL,
  'extension fixed_shape_tensor': EQUAL,
  'extension opaque': EQUAL,
}

/** Ids of pyarrow.lib that it can name but not build. */
const UNBUILDABLE = ['Type_INTERVAL_DAY_TIME', 'Type_INTERVAL_MONTHS']

function packedFailure(step: string, error: unknown): string {
  if (!isPackedError(error)) throw error
  return `${step}: ${error.code} ${error.field}`
}

type Layout = 'milvus' | 'fast'

async function writeTable(table: Table, path: string, layout: Layout): Promise<void> {
  const groups = [{ id: 0, path, fields: ['value'] }]
  const { schema } = table
  const writer = await PackedWriter.open({ schema, fieldIds: 'auto', groups, layout })
  try {
    await writer.write(table)
    await writer.finish()
  } finally {
    await writer.close()
  }
}

async function readTable(schema: Schema, path: string): Promise<Table> {
  const reader = await PackedReader.open({ paths: [path], schema })
  try {
    return await reader.toTable()
  } finally {
    await reader.close()
  }
}

async function tripOf(
  sample: Sample,
  oracle: Oracle,
  home: string,
  layout: Layout,
): Promise<string> {
  const path = join(home, `${sample.name.replace(/\W/g, '_')}.${layout}.parquet`)
  let table: Table
  try {
    table = tableFromIPC(readFileSync(sample.path))
  } catch (error) {
    return `decode: ${(error as Error).message}`
  }
  try {
    await writeTable(table, path, layout)
  } catch (error) {
    return packedFailure('write', error)
  }
  const stored = { ipc: sample.path, offset: 0, rows: sample.rows, paths: [path] }
  const storedDifferences = await oracle.ask<string[]>('sameAsIpc', stored)
  if (storedDifferences.length > 0) return `stored: ${storedDifferences}`
  let back: Table
  try {
    back = await readTable(table.schema, path)
  } catch (error) {
    return packedFailure('read', error)
  }
  const ipc = `${path}.arrows`
  writeFileSync(ipc, tableToIPC(back, 'stream'))
  const differences = await oracle.ask<string[]>('sameIpc', { left: sample.path, right: ipc })
  return differences.length === 0 ? EQUAL : `read: ${differences}`
}

describeWithPyarrow('the table of types', () => {
  const directory = temporaryDirectory('types')
  const oracle = new Oracle()
  afterAll(() => oracle.close())

  const layouts: Layout[] = ['milvus', 'fast']
  test.each(layouts)('every type that pyarrow can send, in layout %s', async (layout) => {
    const { samples, unseen } = await oracle.ask<{ samples: Sample[]; unseen: string[] }>(
      'writeTypes',
      { directory },
    )
    expect(unseen).toEqual(UNBUILDABLE)
    const outcomes: Record<string, string> = {}
    for (const sample of samples) {
      outcomes[sample.name] = await tripOf(sample, oracle, directory, layout)
    }
    expect(outcomes).toEqual(EXPECTED)
  })
})
