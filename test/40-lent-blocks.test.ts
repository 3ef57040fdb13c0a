/** Narrow columns of a batch lie in one piece of memory, which is lent once (docs/ownership.md 3.1). */
import { Field, Float64, Int64, makeData, RecordBatch, Schema, Struct } from 'apache-arrow'
import { PackedReader, PackedWriter } from '../lib/index.js'
import { temporaryDirectory } from './support/temporary.js'

const COLUMNS = 24
const NARROW_ROWS = 12_000
const WIDE_ROWS = 150_000
const BLOCK_SLACK_BYTES = 64 << 10

const directory = temporaryDirectory('lent-blocks')

/** Integers, and every third column numbers of which each seventh is null. */
function batchOf(rows: number, columns: number): RecordBatch {
  const fields: Field[] = []
  const children = Array.from({ length: columns }, (_, column) => {
    const metadata = new Map([['PARQUET:field_id', String(100 + column)]])
    const isNumber = column % 3 === 2
    fields.push(new Field(`c${column}`, isNumber ? new Float64() : new Int64(), isNumber, metadata))
    return isNumber ? numbers(rows, column) : integers(rows, column)
  })
  const schema = new Schema(fields)
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(fields), length: rows, nullCount: 0, children }),
  )
}

const valueAt = (row: number, column: number) => row * 31 + column

function integers(rows: number, column: number) {
  const data = BigInt64Array.from({ length: rows }, (_, row) => BigInt(valueAt(row, column)))
  return makeData({ type: new Int64(), data })
}

function numbers(rows: number, column: number) {
  const data = Float64Array.from({ length: rows }, (_, row) => valueAt(row, column) / 4)
  const nullBitmap = new Uint8Array(Math.ceil(rows / 8))
  for (let row = 0; row < rows; row++) if (row % 7 !== 0) nullBitmap[row >> 3]! |= 1 << (row & 7)
  return makeData({ type: new Float64(), data, nullBitmap, length: rows, nullCount: -1 })
}

async function written(name: string, batch: RecordBatch): Promise<string> {
  const path = `${directory}/${name}`
  const fields = batch.schema.fields.map((field) => field.name)
  const writer = await PackedWriter.open({
    schema: batch.schema,
    groups: [{ id: 0, path, fields }],
    layout: 'fast',
  })
  await writer.write(batch)
  await writer.finish()
  return path
}

/** The values of every column of a batch whose first row is row `first` of the file. */
function expectValues(batch: RecordBatch, first: number): void {
  for (let column = 0; column < batch.numCols; column++) {
    const values = batch.getChildAt(column)!
    for (let row = 0; row < batch.numRows; row += 1 + (row % 13)) {
      const value = valueAt(first + row, column)
      const isNumber = column % 3 === 2
      const expected = isNumber ? ((first + row) % 7 === 0 ? null : value / 4) : BigInt(value)
      if (values.get(row) !== expected) expect([row, column, values.get(row)]).toBe(expected)
    }
  }
}

const valuesOf = (batch: RecordBatch) => batch.data.children.map(({ values }) => values)
const buffersOf = (batch: RecordBatch) => new Set(valuesOf(batch).map(({ buffer }) => buffer))

test('narrow columns share one ArrayBuffer, which release empties', async () => {
  const path = await written('narrow', batchOf(NARROW_ROWS, COLUMNS))
  const reader = await PackedReader.open({ paths: [path] })
  const batch = (await reader.readNext())!
  expect(batch.numRows).toBe(NARROW_ROWS)
  expectValues(batch, 0)
  expect(buffersOf(batch).size).toBe(1)
  reader.release(batch)
  expect(valuesOf(batch).every(({ byteLength }) => byteLength === 0)).toBe(true)
  await reader.close()
})

test('a column that is wide has memory of its own', async () => {
  const path = await written('wide', batchOf(WIDE_ROWS, 3))
  const reader = await PackedReader.open({ paths: [path] })
  let first = 0
  for await (const batch of reader) {
    expectValues(batch, first)
    first += batch.numRows
    expect(buffersOf(batch).size).toBe(3)
  }
  expect(first).toBe(WIDE_ROWS)
})

test('a part of what was decoded does not keep all of it', async () => {
  const path = await written('parts', batchOf(NARROW_ROWS, COLUMNS))
  const reader = await PackedReader.open({ paths: [path], batchRows: 1000 })
  let first = 0
  for await (const batch of reader) {
    expectValues(batch, first)
    first += batch.numRows
    const kept = [...buffersOf(batch)].reduce((sum, { byteLength }) => sum + byteLength, 0)
    expect(kept).toBeLessThanOrEqual(batch.numRows * 9 * COLUMNS + BLOCK_SLACK_BYTES)
  }
  expect(first).toBe(NARROW_ROWS)
})
