import type { RecordBatch, Schema } from 'apache-arrow'
import { expectObject, expectOptions } from '../../config/index.js'
import type { ColumnType } from './column-type.js'
import type { InputFormat } from './input-format.js'
import type { InputPlace } from './input-place.js'
import { openSource } from './open-source.js'
import { typedRows } from './typed-rows.js'

/** What inputs are opened with. */
export interface OpenOptions {
  /**
   * Go on behind what was read before: the sequence of a batch. 0 by default, the beginning.
   */
  after?: bigint | undefined
  signal?: AbortSignal | undefined
}

/** Options of {@link openInput}. */
export interface InputOptions extends OpenOptions {
  /** Types of text columns that are not inferred. */
  types?: ReadonlyMap<string, ColumnType>
}

/** Rows of an input, and where it goes on after them. */
export interface InputBatch {
  batch: RecordBatch
  /**
   * How far the input is read with this batch: bytes of a text file, rows of a Parquet or Arrow
   * file. It ascends from batch to batch.
   */
  sequence: bigint
  /** Bytes of text, or of Arrow data. */
  bytes: number
  /** Give the memory back: the batch is not used any more. */
  release(): void
}

/** One input file as batches. */
export interface Input {
  schema: Schema
  batches: AsyncIterable<InputBatch>
  /** Types of a text file's columns: given or inferred; empty for the others. */
  types: ReadonlyMap<string, ColumnType>
  /** Let go of the file, also when nobody read it. */
  close(): Promise<void>
}

/**
 * Open a file as batches.
 *
 * @throws PackedError NotFound, PermissionDenied, InvalidArgument (Parquet from standard input,
 *   nothing to infer types from), InvalidData, FileChanged (shorter than `after`).
 */
export async function openInput(
  place: InputPlace,
  format: InputFormat,
  given: InputOptions = {},
): Promise<Input> {
  const { types = new Map(), ...options } = expectOptions(
    given,
    ['types', 'after', 'signal'],
    'openInput',
  )
  expectObject(place, 'place')
  const source = await openSource(place, format, options)
  if (source.kind === 'batches') return { ...source, types: new Map() }
  const close = () => source.close()
  try {
    return { ...(await typedRows(source, types)), close }
  } catch (error) {
    await close()
    throw error
  }
}
