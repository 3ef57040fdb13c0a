/** More text than one Arrow utf8 array can hold, and rows larger than every buffer. */
import { createHash } from 'node:crypto'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { Field, makeData, RecordBatch, Schema, Struct, Utf8 } from 'apache-arrow'
import { PackedReader, PackedWriter } from '../../lib/index.js'
import { temporaryDirectory } from '../support/temporary.js'

const MIB = 1 << 20
const ROW_BYTES = 1024
const BATCH_ROWS = 16 * 1024
const BATCHES = 132
const GROWTH_BYTES = 512 * MIB

const directory = temporaryDirectory('big-text')
const schema = new Schema([
  new Field('text', new Utf8(), false, new Map([['PARQUET:field_id', '100']])),
])

function textBatch(rows: number, valueOffsets: Int32Array, data: Uint8Array): RecordBatch {
  const text = makeData({ type: new Utf8(), length: rows, nullCount: 0, valueOffsets, data })
  const type = new Struct(schema.fields)
  return new RecordBatch(schema, makeData({ type, length: rows, nullCount: 0, children: [text] }))
}

function openWriter(path: string, bufferBytes: number): Promise<PackedWriter> {
  return PackedWriter.open({
    schema,
    groups: [{ id: 0, path, fields: ['text'] }],
    compression: { codec: 'zstd', level: 1 },
    bufferBytes,
  })
}

/** Largest growth of the process since it was made, sampled by `sample`. */
class MemoryWatch {
  readonly #start = process.memoryUsage.rss()
  #peak = this.#start

  sample(): void {
    this.#peak = Math.max(this.#peak, process.memoryUsage.rss())
  }

  get growthBytes(): number {
    return this.#peak - this.#start
  }
}

/** Values of the column as one run of bytes. */
function bytesOf(batch: RecordBatch): Uint8Array {
  const { values, valueOffsets } = batch.getChild('text')!.data[0]!
  return values.subarray(valueOffsets[0], valueOffsets[batch.numRows])
}

test('more than 2 GiB of text in one column, in bounded memory', async () => {
  const path = join(directory, 'many')
  const written = createHash('sha1')
  const offsets = Int32Array.from({ length: BATCH_ROWS + 1 }, (_, i) => i * ROW_BYTES)
  const text = Buffer.alloc(BATCH_ROWS * ROW_BYTES, 'the quick brown fox jumps over the lazy dog; ')
  const watch = new MemoryWatch()
  const writer = await openWriter(path, 8 * MIB)
  for (let batch = 0; batch < BATCHES; batch++) {
    // Every row begins with its number: no two rows are equal.
    for (let row = 0; row < BATCH_ROWS; row++) {
      text.write(String(batch * BATCH_ROWS + row).padStart(9, '0'), row * ROW_BYTES, 'latin1')
    }
    written.update(text)
    await writer.write(textBatch(BATCH_ROWS, offsets, text))
    watch.sample()
  }
  const { rows } = await writer.finish()
  expect(rows).toBe(BATCHES * BATCH_ROWS)
  expect(rows * ROW_BYTES).toBeGreaterThan(2 ** 31)

  const read = createHash('sha1')
  let rowsRead = 0
  const reader = await PackedReader.open({
    paths: [path],
    bufferBytes: 8 * MIB,
    releasePrevious: true,
  })
  for await (const batch of reader) {
    read.update(bytesOf(batch))
    rowsRead += batch.numRows
    watch.sample()
  }
  expect(rowsRead).toBe(rows)
  expect(read.digest('hex')).toBe(written.digest('hex'))
  expect(watch.growthBytes).toBeLessThan(GROWTH_BYTES)
}, 180_000)

test('one row of 40 MiB through buffers of 1 MiB', async () => {
  const path = join(directory, 'one')
  const rows = [Buffer.from('before'), Buffer.alloc(40 * MIB, 'wide '), Buffer.from('after')]
  const offsets = Int32Array.of(0, 6, 6 + 40 * MIB, 11 + 40 * MIB)
  const writer = await openWriter(path, MIB)
  await writer.write(textBatch(rows.length, offsets, Buffer.concat(rows)))
  const { groups } = await writer.finish()
  expect(groups[0]!.fileBytes).toBe(statSync(path).size)
  const reader = await PackedReader.open({ paths: [path], bufferBytes: MIB })
  const parts: Uint8Array[] = []
  for await (const batch of reader) parts.push(Buffer.from(bytesOf(batch)))
  expect(reader.numRows).toBe(rows.length)
  expect(Buffer.compare(Buffer.concat(parts), Buffer.concat(rows))).toBe(0)
})
