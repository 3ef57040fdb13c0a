/** Types that a program meets: compiled as ESM and, as types.cts, as CommonJS. */
import { Int64, type RecordBatch, Table, Utf8, vectorFromArray } from 'apache-arrow'
import {
  PackedReader,
  type PackedReaderOptions,
  PackedWriter,
  SegmentReader,
  toVectorColumn,
  vectorsOf,
} from 'arrow-packed'
import { exportRecordBatch } from 'arrow-packed/cdata'

export async function use(options: PackedReaderOptions): Promise<number> {
  const table = new Table({
    id: vectorFromArray([1n, 2n], new Int64()),
    title: vectorFromArray(['one', 'two'], new Utf8()),
    embedding: toVectorColumn(new Float32Array(4), 2),
  })
  const writer = await PackedWriter.open({ schema: table.schema, directory: 'segment' })
  await writer.write(table)
  const { groups } = await writer.finish()
  let rows: number = groups[0]?.rows ?? 0
  const reader = await PackedReader.open(options)
  for await (const batch of reader) {
    const known: RecordBatch = batch
    const { dim } = vectorsOf(known, 'embedding')
    rows += dim + known.numRows
  }
  // @ts-expect-error: a number is no path
  await PackedReader.open({ paths: [1] })
  return rows
}

export const doors = [SegmentReader.open, exportRecordBatch]
