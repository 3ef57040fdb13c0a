/** Every input format goes in and every output format comes out, on real data. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  Field,
  Float32,
  Float64,
  Int64,
  List,
  makeData,
  RecordBatchStreamWriter,
  Schema,
  Table,
  TimestampNanosecond,
  tableFromIPC,
  tableToIPC,
  Utf8,
  Vector,
  vectorFromArray,
} from 'apache-arrow'
import { PackedReader, type PackedWriteResult, vectorsOf } from '../lib/index.js'
import { packed, packedOutput } from './support/command.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('write-and-cat')
const vega = join(__dirname, '..', 'node_modules', 'vega-datasets', 'data')
const words = join(__dirname, '..', 'examples', 'data', 'words-100d.arrow')
const inside = (...names: string[]) => join(directory, ...names)
const linesOf = (text: string) => text.split('\n').slice(0, -1)
const recordsOf = (text: string) => linesOf(text).map((line) => JSON.parse(line))

/** Write standard input or a file; gives the paths of the groups. */
async function write(args: string[], input?: string): Promise<string[]> {
  const { groups } = JSON.parse(await packedOutput(['write', ...args, '--json'], input))
  return groups.map(({ path }: { path: string }) => path)
}

async function writeText(name: string, text: string, ...more: string[]): Promise<string[]> {
  writeFileSync(inside(name), text)
  return write([inside(name), '--out', inside(`${name}.out`), ...more])
}

test('Arrow in: words and their vectors, printed as a table', async () => {
  const table = await packedOutput(['write', words, '--out', inside('words')])
  const [titles, ...rows] = linesOf(table).map((line) => line.trim().split(/ {2,}/))
  expect(titles).toEqual([
    'group',
    'path',
    'rows',
    'row groups',
    'Arrow bytes',
    'file bytes',
    'file/Arrow',
    'saving',
  ])
  expect(rows.map(([group, path, count]) => [group, path, count])).toEqual([
    ['0', inside('words/0'), '8,000'],
    ['102', inside('words/102'), '8,000'],
  ])
  const source = tableFromIPC(readFileSync(words))
  const files = [inside('words/0'), inside('words/102')]
  const read = recordsOf(await packedOutput(['cat', ...files, '--vectors', 'float32']))
  expect(read.map(({ word }) => word)).toEqual([...source.getChild('word')!])
  const vectors = source.batches.flatMap((batch) => [...vectorsOf(batch, 'embedding').data])
  expect(Float32Array.from(read.flatMap(({ embedding }) => embedding))).toEqual(
    Float32Array.from(vectors),
  )
})

test('in every layout the words are the same, in layout small the files are the smallest', async () => {
  const bytes: Record<string, number> = {}
  const printed = new Set<string>()
  for (const layout of ['milvus', 'fast', 'small']) {
    const out = inside(`words-${layout}`)
    const text = await packedOutput(['write', words, '--out', out, '--layout', layout, '--json'])
    const { groups } = JSON.parse(text) as PackedWriteResult
    bytes[layout] = groups.reduce((sum, { fileBytes }) => sum + fileBytes, 0)
    printed.add(await packedOutput(['cat', ...groups.map(({ path }) => path)]))
    if (layout !== 'small') continue
    expect(await packedOutput(['inspect', groups[0]!.path, '--json'])).toContain(
      'arrow-packed.compression',
    )
  }
  expect(printed.size).toBe(1)
  expect(bytes.small).toBeLessThan(bytes.fast!)
  expect(bytes.small).toBeLessThan(bytes.milvus!)
  const auto = ['--codec', 'zstd', '--level', 'auto']
  const text = await packedOutput([
    ...['write', words, '--out', inside('words-auto'), '--layout', 'fast', '--json', ...auto],
  ])
  const { groups } = JSON.parse(text) as PackedWriteResult
  expect(groups[0]!.levels).toMatchObject({ text: expect.any(Number) })
  const gzip = ['--codec', 'gzip', '--level', 'auto']
  const no = await packed(['write', words, '--out', inside('w'), ...gzip])
  expect([no.code, no.stderr]).toEqual([2, expect.stringContaining('Expected --codec zstd with')])
  const wrong = await packed(['write', words, '--out', inside('w'), '--layout', 'tiny'])
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("argument 'tiny'")])
})

test('Arrow in, Arrow and Parquet out: flights, every value', async () => {
  const source = tableFromIPC(readFileSync(join(vega, 'flights-200k.arrow')))
  const paths = await write([
    join(vega, 'flights-200k.arrow'),
    '--out',
    inside('flights'),
    '--groups',
    'perField',
    '--codec',
    'gzip',
  ])
  expect(paths.map((path) => path.slice(inside('flights/').length))).toEqual(['100', '101', '102'])
  const arrow = tableFromIPC((await packed(['cat', ...paths, '--format', 'arrow'])).stdout)
  await packedOutput(['cat', ...paths, '--out', inside('flights.parquet')])
  const reader = await PackedReader.open({ paths: [inside('flights.parquet')] })
  const parquet = await reader.toTable()
  for (const { name } of source.schema.fields) {
    const expected = source.getChild(name)!.toArray()
    expect(arrow.getChild(name)!.toArray()).toEqual(expected)
    expect(parquet.getChild(name)!.toArray()).toEqual(expected)
  }
  expect(reader.files[0]!.metadata.get('group_field_id_list')).toBe('100,101,102')
})

test('Parquet in: a foreign file keeps its rows', async () => {
  const [path] = await write([join(vega, 'flights-3m.parquet'), '--out', inside('foreign')])
  const reader = await PackedReader.open({ paths: [path!] })
  const foreign = await PackedReader.open({
    paths: [join(vega, 'flights-3m.parquet')],
    lenient: true,
  })
  expect(reader.numRows).toBe(3_000_000)
  const [ours, theirs] = [await reader.readNext(), await foreign.readNext()]
  expect(ours!.toArray().map(String)).toEqual(theirs!.toArray().map(String))
  await Promise.all([reader.close(), foreign.close()])
})

test('NDJSON in and out: cars, byte for byte as JSON.stringify has them', async () => {
  const cars: Record<string, unknown>[] = JSON.parse(readFileSync(join(vega, 'cars.json'), 'utf8'))
  const text = cars.map((car) => `${JSON.stringify(car)}\n`).join('')
  const [path] = await write(['-', '--format', 'ndjson', '--out', inside('cars')], text)
  expect(await packedOutput(['cat', path!])).toBe(text)
})

test.each(['birdstrikes.csv', 'airports.csv', 'stocks.csv', 'github.csv'])(
  'CSV in and out: %s',
  async (name) => {
    const [path] = await write([join(vega, name), '--out', inside(name)])
    const first = await packedOutput(['cat', path!, '--format', 'csv'])
    const [again] = await writeText(`again-${name}`, first)
    expect(await packedOutput(['cat', again!, '--format', 'csv'])).toBe(first)
    // Names and texts are those of the source; numbers may be written differently there.
    const source = readFileSync(join(vega, name), 'utf8').replace(/\r/g, '').trimEnd().split('\n')
    expect(linesOf(first).length).toBe(source.length)
    expect(linesOf(first)[0]).toBe(source[0])
  },
)

test('TSV by its extension', async () => {
  const [path] = await write([join(vega, 'unemployment.tsv'), '--out', inside('tsv')])
  expect(await packedOutput(['cat', path!, '--limit', '1'])).toBe('{"id":1001,"rate":0.097}\n')
})

test('integers of 64 bits keep every digit, whatever they pass through', async () => {
  const ids = ['9223372036854775807', '-9223372036854775808', '9007199254740993', '7']
  const text = ids.map((id) => `{"id":${id},"name":"${id}"}\n`).join('')
  const [path] = await writeText('big.ndjson', text)
  expect(await packedOutput(['cat', path!])).toBe(text)
  const csv = await packedOutput(['cat', path!, '--format', 'csv', '--columns', 'id'])
  expect(csv).toBe(`id\n${ids.join('\n')}\n`)
  const [again] = await writeText('big.csv', csv)
  expect(await packedOutput(['cat', again!, '--format', 'csv'])).toBe(csv)
})

test('CSV keeps quotes, line ends, separators, nulls and empty texts apart', async () => {
  const csv = 'a,"b ""x"", y"\n"1,5","two\nlines"\n,""\n" c ",é🙂\n'
  const [path] = await writeText('quoted.csv', csv)
  expect(recordsOf(await packedOutput(['cat', path!]))).toEqual([
    { a: '1,5', 'b "x", y': 'two\nlines' },
    { a: null, 'b "x", y': '' },
    { a: ' c ', 'b "x", y': 'é🙂' },
  ])
  const written = await packedOutput(['cat', path!, '--format', 'csv'])
  const [again] = await writeText('quoted-again.csv', written)
  expect(await packedOutput(['cat', again!, '--format', 'csv'])).toBe(written)
})

test('a null in a column of one is a blank line of CSV', async () => {
  const [path] = await writeText('one.csv', 'a\n1\n\n3\n')
  expect(await packedOutput(['cat', path!, '--format', 'csv'])).toBe('a\n1\n\n3\n')
})

test('vectors: inferred, named by type, printed in each form', async () => {
  const text = '{"id":1,"v":[1,0.1],"b":"AQID"}\n{"id":2,"v":[-2.5,3],"b":"AAAA"}\n'
  const files = await writeText('vectors.ndjson', text, '--types', 'b:binary[3]')
  expect(files.map((path) => path.split('/').at(-1))).toEqual(['0', '101', '102'])
  const first = async (...args: string[]) =>
    recordsOf(await packedOutput(['cat', ...files, '--limit', '1', ...args]))[0]
  expect(await first()).toEqual({ id: 1, v: 'AACAP83MzD0=', b: 'AQID' })
  expect(await first('--vectors', 'float32')).toEqual({ id: 1, v: [1, 0.1], b: 'AQID' })
  expect(await first('--vectors', 'hex')).toEqual({ id: 1, v: '0000803fcdcccc3d', b: '010203' })
  expect(await first('--vectors', 'int8')).toMatchObject({ b: [1, 2, 3] })
  const all = await packedOutput(['cat', ...files, '--vectors', 'float32'])
  expect(all).toBe(text)
})

test('a vector that may be null', async () => {
  const text = '{"v":[1,2]}\n{"v":null}\n{}\n'
  const [path] = await writeText('nulls.ndjson', text)
  const records = recordsOf(await packedOutput(['cat', path!, '--vectors', 'float32']))
  expect(records).toEqual([{ v: [1, 2] }, { v: null }, { v: null }])
})

test('columns and limit: by name, by field id, in the order asked for', async () => {
  const files = await writeText(
    'ids.csv',
    'a,b,c\n1,x,0.5\n2,y,1.5\n',
    '--field-ids',
    'a:7,c:9',
    '--group',
    '5:c',
    '--group',
    '6:b,a',
  )
  expect(files.map((path) => path.split('/').at(-1))).toEqual(['5', '6'])
  expect(await packedOutput(['cat', ...files, '--columns', '#9,b,#7', '--limit', '1'])).toBe(
    '{"c":0.5,"b":"x","a":1}\n',
  )
})

test('several inputs are one after the other, with the types of the first', async () => {
  writeFileSync(inside('first.csv'), 'id,t\n1,a\n')
  writeFileSync(inside('second.ndjson'), '{"t":"b","id":2}\n')
  const inputs = [inside('first.csv'), inside('second.ndjson')]
  const [path] = await write([...inputs, '--out', inside('both')])
  expect(await packedOutput(['cat', path!])).toBe('{"id":1,"t":"a"}\n{"id":2,"t":"b"}\n')
})

test('types that text has no name for: nanoseconds, lists, NaN, float32', async () => {
  const item = new Field('item', new Float64(), true)
  const columns = {
    at: new Vector([
      makeData({
        type: new TimestampNanosecond(),
        length: 2,
        nullCount: 1,
        nullBitmap: Uint8Array.of(0b01),
        data: BigInt64Array.of(1_700_000_000_123_456_789n, 0n),
      }),
    ]),
    list: vectorFromArray([[1, null, 0.5], null], new List(item)),
    nan: vectorFromArray([Number.NaN, Number.NEGATIVE_INFINITY], new Float64()),
    single: vectorFromArray([0.1, -0], new Float32()),
  }
  writeFileSync(inside('types.arrow'), tableToIPC(new Table(columns), 'file'))
  const [path] = await write([inside('types.arrow'), '--out', inside('types')])
  const time = '2023-11-14T22:13:20.123456789'
  expect(await packedOutput(['cat', path!])).toBe(
    `{"at":"${time}","list":[1,null,0.5],"nan":null,"single":0.1}\n` +
      '{"at":null,"list":null,"nan":null,"single":-0}\n',
  )
  expect(await packedOutput(['cat', path!, '--format', 'csv'])).toBe(
    `at,list,nan,single\n${time},"[1,null,0.5]",NaN,0.1\n,,-Infinity,-0\n`,
  )
})

test('Arrow from standard input, as stream and as file', async () => {
  const table = new Table({ id: vectorFromArray([1n, 2n], new Int64()) })
  for (const kind of ['stream', 'file'] as const) {
    const input = tableToIPC(table, kind)
    const args = ['write', '-', '--format', 'arrow', '--out', inside(`stdin-${kind}`)]
    const { code, stderr } = await packed(args, input)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(await packedOutput(['cat', inside(`stdin-${kind}`, '0')])).toBe('{"id":1}\n{"id":2}\n')
  }
})

test('zero rows: the schema goes through every format', async () => {
  const schema = new Schema([new Field('id', new Int64()), new Field('t', new Utf8())])
  const bytes = RecordBatchStreamWriter.writeAll(new Table(schema)).toUint8Array(true)
  writeFileSync(inside('none.arrow'), bytes)
  const [path] = await write([inside('none.arrow'), '--out', inside('none')])
  expect(await packedOutput(['cat', path!])).toBe('')
  expect(await packedOutput(['cat', path!, '--format', 'csv'])).toBe('id,t\n')
  const { stdout } = await packed(['cat', path!, '--format', 'arrow'])
  expect(tableFromIPC(stdout).schema.fields.map(String)).toEqual(schema.fields.map(String))
  const [fromCsv] = await writeText('none.csv', 'id,t\n')
  expect(await packedOutput(['cat', fromCsv!, '--format', 'csv'])).toBe('id,t\n')
})
