import type { Schema } from 'apache-arrow'
import { PackedError } from '../../errors/index.js'
import { BatchBuilder } from './batch-builder.js'
import type { ColumnType } from './column-type.js'
import type { InputBatch } from './input.js'
import type { RowInput } from './row-input.js'
import { isBad } from './row-source.js'

/** Typed batches of a text file. */
export interface TypedRows {
  types: ReadonlyMap<string, ColumnType>
  schema: Schema
  batches: AsyncGenerator<InputBatch>
}

const BATCH_ROWS = 8192
const BATCH_BYTES = 8 << 20

/**
 * Give every column a type, by `given` or else by the first rows, and read on with these.
 *
 * @throws PackedError InvalidData, InvalidArgument when there is nothing to infer from.
 */
export async function typedRows(
  input: RowInput,
  given: ReadonlyMap<string, ColumnType>,
): Promise<TypedRows> {
  const types = await input.inferTypes({ given })
  if (types.size === 0) {
    // A file may have nothing but rows that nobody can read.
    for await (const row of input.rows()) if (isBad(row)) throw row.error
    const { path } = input.source
    const message = `Expected rows or column types for ${path} but received neither`
    throw new PackedError('InvalidArgument', message, { path })
  }
  const builder = new BatchBuilder(input.source, types)
  return { types, schema: builder.schema, batches: batchesOf(builder, input) }
}

async function* batchesOf(builder: BatchBuilder, input: RowInput): AsyncGenerator<InputBatch> {
  let bytes = 0
  let end = 0
  for await (const row of input.rows()) {
    if (isBad(row)) throw row.error
    builder.add(row)
    bytes += row.size
    end = row.end
    if (builder.rows < BATCH_ROWS && bytes < BATCH_BYTES) continue
    yield inputBatch(builder, end, bytes)
    bytes = 0
  }
  if (builder.rows > 0) yield inputBatch(builder, end, bytes)
}

function inputBatch(builder: BatchBuilder, end: number, bytes: number): InputBatch {
  return { batch: builder.take(), sequence: BigInt(end), bytes, release: () => {} }
}
