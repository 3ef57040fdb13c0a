/** Mapped files of more than one ArrayBuffer (docs/ownership.md 3.6). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Field, FixedSizeBinary, Int64, makeData, RecordBatch, Schema, Struct } from 'apache-arrow'
import { PackedReader, PackedWriter } from '../lib/packed/index.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('mapped-windows')
const WINDOW_BYTES = 32 << 20
const VECTOR_BYTES = 4096
const ROWS = 18_000 // 70 MiB: windows begin, and end, inside of the file
const VECTOR = new FixedSizeBinary(VECTOR_BYTES)

/** Every vector begins and ends with its row. */
function sample(): RecordBatch {
  const fields = [new Field('pk', new Int64(), false), new Field('embedding', VECTOR, false)]
  const keys = BigInt64Array.from({ length: ROWS }, (_, row) => BigInt(row))
  const data = new Uint8Array(ROWS * VECTOR_BYTES)
  const numbers = new DataView(data.buffer)
  for (let row = 0; row < ROWS; row++) {
    numbers.setUint32(row * VECTOR_BYTES, row, true)
    numbers.setUint32((row + 1) * VECTOR_BYTES - 4, row, true)
  }
  const children = [
    makeData({ type: new Int64(), length: ROWS, nullCount: 0, data: keys }),
    makeData({ type: VECTOR, length: ROWS, nullCount: 0, data }),
  ]
  const rows = makeData({ type: new Struct(fields), length: ROWS, nullCount: 0, children })
  return new RecordBatch(new Schema(fields), rows)
}

test.each([1, 64])(
  'row groups of %i MiB come as views of windows, each where it is',
  async (mebibytes) => {
    const path = join(directory, String(mebibytes))
    const batch = sample()
    const writer = await PackedWriter.open({
      schema: batch.schema,
      fieldIds: 'auto',
      groups: [{ id: 0, path, fields: ['pk', 'embedding'] }],
      vectors: 'uncompressed',
      rowGroupBytes: mebibytes << 20,
      bufferBytes: 128 << 20,
    })
    await writer.write(batch)
    await writer.finish()
    const before = readFileSync(path)

    const windows = new Set<ArrayBufferLike>()
    let row = 0
    for await (const read of await PackedReader.open({ paths: [path], mmap: true })) {
      const values = read.getChild('embedding')!.data[0]!.values as Uint8Array
      const numbers = new DataView(values.buffer, values.byteOffset, values.byteLength)
      for (let at = 0; at < values.length; at += VECTOR_BYTES, row++) {
        const ends = [numbers.getUint32(at, true), numbers.getUint32(at + VECTOR_BYTES - 4, true)]
        if (ends[0] !== row || ends[1] !== row) expect(ends).toEqual([row, row])
      }
      windows.add(values.buffer)
      values.fill(0xff) // private: neither the file nor later batches see it
    }
    expect(row).toBe(ROWS)
    expect(windows.size).toBeGreaterThan(1)
    expect(Math.max(...Array.from(windows, ({ byteLength }) => byteLength))).toBe(WINDOW_BYTES)
    expect(before.equals(readFileSync(path))).toBe(true)
  },
)
