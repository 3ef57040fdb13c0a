import { PackedError } from '../../errors/index.js'
import { PackedReader } from '../../packed/index.js'
import type { InputBatch } from './input.js'
import { changed, type InputPlace, STDIN } from './input-place.js'
import type { BatchInput } from './open-source.js'
import { skipRows } from './skip-rows.js'

/** A Parquet file, from row `after` on. @throws PackedError as `openInput`. */
export async function openParquet(
  place: InputPlace,
  after: number,
  signal: AbortSignal | undefined,
): Promise<BatchInput> {
  const { path, storage } = place
  if (path === STDIN) {
    const message = 'Expected a file for Parquet but received standard input'
    throw new PackedError('InvalidArgument', message)
  }
  const reader = await PackedReader.open({
    paths: [path],
    ...(storage === undefined ? {} : { storage }),
    ...(signal === undefined ? {} : { signal }),
    lenient: true,
  })
  if (after > reader.numRows) {
    await reader.close()
    throw changed(place, `at least ${after} rows, which were read before,`, String(reader.numRows))
  }
  const batches = skipRows(batchesOf(reader), after)
  return { kind: 'batches', schema: reader.schema, batches, close: () => reader.close() }
}

async function* batchesOf(reader: PackedReader): AsyncGenerator<InputBatch> {
  let rows = 0
  for await (const batch of reader) {
    rows += batch.numRows
    const bytes = batch.data.byteLength
    yield { batch, sequence: BigInt(rows), bytes, release: () => reader.release(batch) }
  }
}
