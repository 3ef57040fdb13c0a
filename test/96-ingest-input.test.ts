/** Inputs as batches, from any place on at which reading stopped before. */
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  Field,
  Int64,
  RecordBatchFileWriter,
  RecordBatchStreamWriter,
  Schema,
  Table,
  tableFromArrays,
} from 'apache-arrow'
import fc from 'fast-check'
import { inputFormat, openInput, parseColumnType, sourceOf } from '../lib/ingest/index.js'
import { openSource } from '../lib/ingest/input/open-source.js'
import { isBad } from '../lib/ingest/input/row-source.js'
import { PackedWriter } from '../lib/packed/index.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const base = temporaryDirectory('ingest-input')
let files = 0

function file(extension: string, content: string | Uint8Array): string {
  const path = join(base, `${files++}.${extension}`)
  writeFileSync(path, content)
  return path
}

/** Records of a text file behind byte `after`, with where each ends. */
async function recordsOf(path: string, after = 0n) {
  const input = await openSource({ text: path, path }, inputFormat(path), { after })
  if (input.kind !== 'rows') throw new Error('Expected a text file')
  const records: { end: bigint; record: unknown }[] = []
  for await (const row of input.rows()) {
    const end = BigInt(row.end)
    records.push({ end, record: isBad(row) ? row.error.message : row.record })
  }
  await input.close()
  return records
}

/** First column of a typed file behind row `after`, with the sequences of its batches. */
async function columnOf(path: string, after = 0n) {
  const input = await openInput({ text: path, path }, inputFormat(path), { after })
  const values: unknown[] = []
  const sequences: bigint[] = []
  for await (const { batch, sequence, release } of input.batches) {
    values.push(...batch.getChildAt(0)!)
    sequences.push(sequence)
    release()
  }
  await input.close()
  return { values, sequences }
}

async function expectResumable(path: string): Promise<void> {
  const all = await recordsOf(path)
  for (const [index, { end }] of all.entries()) {
    expect(await recordsOf(path, end)).toEqual(all.slice(index + 1))
  }
}

describe('a text goes on at the end of every row', () => {
  const texts: [string, string, string, number][] = [
    ['NDJSON', 'ndjson', '{"a":1}\n{"a":2}\n\n{"a":3}\n', 3],
    ['NDJSON with CRLF, a byte order mark and no end', 'ndjson', '\ufeff{"a":"é"}\r\n{"a":2}', 2],
    ['CSV', 'csv', 'a,b\n1,x\n2,y\n3,\n', 3],
    ['CSV with CRLF', 'csv', 'a,b\r\n1,x\r\n\r\n2,y\r\n', 2],
    ['CSV with line ends and quotes in cells', 'csv', 'a,b\n1,"x\n""y"""\n2,"\n"\n', 2],
    ['CSV with a byte order mark and no end', 'csv', '\ufeffa,b\n1,é\n2,y', 2],
    ['TSV', 'tsv', 'a\tb\n1\tx\n2\ty\n', 2],
  ]
  test.each(texts)('%s', async (_, extension, text, rows) => {
    const path = file(extension, text)
    expect(await recordsOf(path)).toHaveLength(rows)
    await expectResumable(path)
  })

  test('whatever is in the cells of CSV', async () => {
    const cell = fc.stringMatching(/^[aé😀",\n ]{0,6}$/u)
    const line = fc.constantFrom('\n', '\r\n')
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(cell, cell), { maxLength: 5 }),
        line,
        async (rows, end) => {
          const quoted = rows.map((cells) => cells.map((text) => `"${text.replaceAll('"', '""')}"`))
          const lines = [['a', 'b'], ...quoted].map((cells) => cells.join(','))
          const path = file('csv', lines.map((text) => text + end).join(''))
          const records = (await recordsOf(path)).map(({ record }) => record)
          expect(records).toEqual(rows.map(([a, b]) => ({ a, b })))
          await expectResumable(path)
        },
      ),
      { numRuns: 30 },
    )
  })
})

test('lines are counted from where reading began', async () => {
  const path = file('ndjson', '{"a":1}\n{"a":2}\n{"a":\n')
  expect((await recordsOf(path)).at(-1)?.record).toContain(`in line 3 of ${path}`)
  expect((await recordsOf(path, 8n)).at(-1)?.record).toContain(`in line 2 after byte 8 of ${path}`)
})

test('a row that is no UTF-8 is bad, and the rows around it are not', async () => {
  const path = file('ndjson', Buffer.from('{"a":1}\n{"a":"\xe9"}\n{"a":3}\n', 'latin1'))
  const records = await recordsOf(path)
  expect(records.map(({ record }) => record)).toEqual([
    { a: 1 },
    `Expected UTF-8 in line 2 of ${path} but received other bytes`,
    { a: 3 },
  ])
})

test('what grew meanwhile goes on, also where the last row had no end', async () => {
  const path = file('ndjson', '{"a":1}')
  const [{ end } = { end: 0n }] = await recordsOf(path)
  expect(await recordsOf(path, end)).toEqual([])
  appendFileSync(path, '\n{"a":2}\n')
  expect((await recordsOf(path, end)).map(({ record }) => record)).toEqual([{ a: 2 }])
})

describe('a file that was changed is found out', () => {
  test.each([
    ['ndjson', '{"a":1}\n{"a":2}\n'],
    ['csv', 'a\n1\n2\n'],
  ])('%s', async (extension, text) => {
    const path = file(extension, text)
    const end = BigInt(text.length)
    truncateSync(path, text.length - 4)
    const shorter = await rejection(() => recordsOf(path, end))
    expect([shorter.code, shorter.path]).toEqual(['FileChanged', path])
    expect(shorter.message).toContain(`at least ${end} bytes`)
    writeFileSync(path, 'x'.repeat(100))
    const other = await rejection(() => recordsOf(path, end))
    expect(other.code).toBe('FileChanged')
    expect(other.message).toContain(`the end of a row at byte ${end}`)
  })

  test('the last cell of CSV was not whole yet', async () => {
    const path = file('csv', 'a\n1')
    const [{ end } = { end: 0n }] = await recordsOf(path)
    appendFileSync(path, '2\n')
    expect((await rejection(() => recordsOf(path, end))).code).toBe('FileChanged')
  })

  test('Arrow and Parquet with fewer rows', async () => {
    const arrow = file('arrow', RecordBatchFileWriter.writeAll(numbered(3)).toUint8Array(true))
    expect((await rejection(() => columnOf(arrow, 4n))).code).toBe('FileChanged')
    const parquet = await parquetOf(3)
    expect((await rejection(() => columnOf(parquet, 4n))).code).toBe('FileChanged')
  })
})

const SCHEMA = new Schema([new Field('id', new Int64(), false)])

/** Batches of one to four rows. */
function numbered(rows: number): Table {
  const table = tableFromArrays({
    id: BigInt64Array.from({ length: rows }, (_, row) => BigInt(row)),
  })
  const batches = []
  for (let row = 0, size = 1; row < rows; row += size, size = (size % 4) + 1) {
    batches.push(...table.slice(row, Math.min(rows, row + size)).batches)
  }
  return new Table(batches)
}

async function parquetOf(rows: number, rowGroupBytes?: number): Promise<string> {
  const directory = join(base, `parquet-${files++}`)
  const writer = await PackedWriter.open({
    schema: SCHEMA,
    fieldIds: 'auto',
    groups: [{ id: 0, path: `${directory}.parquet`, fields: ['id'] }],
    ...(rowGroupBytes === undefined ? {} : { rowGroupBytes }),
  })
  await writer.write(numbered(rows))
  await writer.finish()
  await writer.close()
  return `${directory}.parquet`
}

describe('a typed file goes on at every row', () => {
  const rows = Array.from({ length: 11 }, (_, row) => BigInt(row))
  const forms: [string, () => Promise<string>][] = [
    [
      'Arrow file',
      async () => file('arrow', RecordBatchFileWriter.writeAll(numbered(11)).toUint8Array(true)),
    ],
    [
      'Arrow stream',
      async () => file('arrows', RecordBatchStreamWriter.writeAll(numbered(11)).toUint8Array(true)),
    ],
    ['Parquet file of many row groups', () => parquetOf(11, 24)],
  ]
  test.each(forms)('%s', async (_, write) => {
    const path = await write()
    const { values, sequences } = await columnOf(path)
    expect(values).toEqual(rows)
    expect(sequences.at(-1)).toBe(11n)
    for (let after = 0; after <= 11; after++) {
      expect((await columnOf(path, BigInt(after))).values).toEqual(rows.slice(after))
    }
  })
})

test('an input without rows has its columns', async () => {
  const csv = await openInput({ text: 'x', path: file('csv', 'a,b\n') }, 'csv')
  expect(csv.schema.fields.map(String)).toEqual(['a: Utf8', 'b: Utf8'])
  for await (const batch of csv.batches) throw new Error(`Expected no batch: ${batch.sequence}`)
  await csv.close()
  await csv.close()
})

test('text becomes batches of the types that were given, with the byte behind each', async () => {
  const path = file('csv', 'a,b\n1,x\n2,y\n')
  const types = new Map([['a', parseColumnType('int8')]])
  const input = await openInput({ text: path, path }, 'csv', { types })
  for await (const { batch, sequence, bytes } of input.batches) {
    expect([batch.numRows, sequence, bytes]).toEqual([2, 12n, 8])
    expect(batch.schema.fields.map(String)).toEqual(['a: Int8', 'b: Utf8'])
  }
})

test('an aborted signal ends reading with its reason', async () => {
  const path = file('ndjson', '{"a":1}\n')
  const reason = new Error('enough')
  const signal = AbortSignal.abort(reason)
  await expect(openInput({ text: path, path }, 'ndjson', { signal })).rejects.toThrow()
})

test('formats are those of extensions, and a missing file is NotFound', async () => {
  expect([inputFormat('a.JSONL'), inputFormat('x', 'csv')]).toEqual(['ndjson', 'csv'])
  expect((await rejection(() => inputFormat('a.txt'))).code).toBe('InvalidArgument')
  const standard = { text: '-', path: '-' }
  expect((await rejection(() => openInput(standard, 'parquet'))).code).toBe('InvalidArgument')
  const after = await rejection(() => openInput(standard, 'csv', { after: 9n }))
  expect(after.message).toContain('received standard input')
  for (const extension of ['ndjson', 'csv', 'arrow', 'parquet']) {
    const path = join(base, `none.${extension}`)
    expect((await rejection(() => columnOf(path))).code).toBe('NotFound')
  }
})

test('the source of a file is its path as it was given, of standard input a new one', () => {
  const at = (path: string) => sourceOf({ text: path, path })
  expect([at('./a/../b.csv'), at('b.csv'), at('/x/b.csv')]).toEqual(['b.csv', 'b.csv', '/x/b.csv'])
  expect(at('-')).toMatch(/^stdin:/)
  expect(at('-')).not.toBe(at('-'))
  const storage = { storageType: 'minio' as const, bucketName: 'b', address: 'localhost' }
  expect(sourceOf({ text: 's3://b/k.csv', path: 'k.csv', storage })).toBe('s3://b/k.csv')
})
