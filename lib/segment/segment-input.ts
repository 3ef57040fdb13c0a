import { unexpected } from '../config/index.js'
import type { DeleteData, InsertData } from '../data/index.js'
import { PackedError } from '../errors/index.js'
import { type ArrowRecord, DataType, type FieldSchema } from '../schema/index.js'

/** What gives rows, chunk by chunk. @throws PackedError InvalidArgument. */
export function expectChunks<T>(data: Iterable<T> | AsyncIterable<T>, name: string): typeof data {
  const iterable = typeof data === 'object' && data !== null
  if (iterable && (Symbol.asyncIterator in data || Symbol.iterator in data)) return data
  throw unexpected('an iterable of InsertData or records', name, data)
}

/**
 * One chunk, told by its shape: a class of another copy of the library is as good.
 *
 * @throws PackedError InvalidArgument for anything else.
 */
export function isInsertData(chunk: InsertData | ArrowRecord): chunk is InsertData {
  const shape = (typeof chunk === 'object' && chunk !== null ? chunk : {}) as Partial<
    InsertData & ArrowRecord
  >
  if (typeof shape.rowCount === 'number' && typeof shape.memorySize === 'function') return true
  if (typeof shape.numRows === 'number' && typeof shape.toBatch === 'function') return false
  throw unexpected('InsertData or a record', 'a chunk of data', chunk)
}

/** Deletes by keys of another type would be found by no row. @throws PackedError TypeMismatch. */
export function expectKeysOf({ name, dataType }: FieldSchema, { keyKind }: DeleteData): void {
  const expected = dataType === DataType.Int64 ? 'int64' : 'varchar'
  if (keyKind === expected || keyKind === undefined) return
  const message = `Expected ${expected} keys for deletes by field "${name}" but received ${keyKind}`
  throw new PackedError('TypeMismatch', message, { field: name })
}
