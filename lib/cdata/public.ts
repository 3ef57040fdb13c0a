/**
 * The unsafe door: Arrow memory by address, for other native libraries of the same process.
 *
 * An address is a `bigint` and nothing checks what is behind it: a wrong one, or one used after
 * its owner released it, ends the process. Exchange addresses only with code that follows the
 * Arrow C Data and C Stream Interfaces, and within one process.
 *
 * Memory of wide columns is shared, not copied. Exported structs must be released before the
 * thread (main or worker) that exported them ends, and the JavaScript memory behind them must
 * not be transferred or changed until then.
 *
 * @see https://arrow.apache.org/docs/format/CDataInterface.html
 * @see https://arrow.apache.org/docs/format/CStreamInterface.html
 * @packageDocumentation
 */
import type { RecordBatch, Schema } from 'apache-arrow'
import { expectBoolean, expectOptions, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { callAsync, callSync, type NativeBatch, type ReadPolicy } from '../native/index.js'
import { flattenBatch } from './flatten-batch.js'
import { flattenSchema } from './flatten-schema.js'
import { exportReader, rememberForeign } from './native-streams.js'
import { unflattenBatch } from './unflatten-batch.js'
import { unflattenSchema } from './unflatten-schema.js'

/** Addresses of an `ArrowArray` of struct type and of the `ArrowSchema` that describes it. */
export interface ArrowCData {
  /** Address of the `ArrowArray`, of struct type. */
  array: bigint
  /** Address of the `ArrowSchema`. */
  schema: bigint
}

/** A batch on loan to a native consumer. */
export interface ExportedRecordBatch extends ArrowCData {
  /**
   * Free both structs; calls their `release` callbacks unless the consumer took the contents
   * over. Idempotent. Call it when the consumer is done with the addresses.
   */
  release(): void
}

/** A stream on loan to a native consumer. */
export interface ExportedStream {
  /** Address of an `ArrowArrayStream`. */
  address: bigint
  /** Free the struct; calls its `release` callback unless a consumer took it over. Idempotent. */
  release(): void
}

/** How memory of another library comes in. */
export interface ImportOptions {
  /** Copy everything into JavaScript-owned memory, so that the producer gets its own back now. */
  copy?: boolean
}

/** Batches of a foreign stream; ends by itself, or by `close`. */
export interface ImportedStream extends AsyncIterableIterator<RecordBatch> {
  /** Of every batch; asked of the producer when the stream was opened. */
  readonly schema: Schema
  /** Release the stream. Idempotent. */
  close(): void
}

/** Batches on their way out, with the schema they share. */
export interface BatchSource {
  /** Of every batch. */
  schema: Schema
  /** In the order in which the consumer gets them; lent until the stream is released. */
  batches: readonly RecordBatch[]
}

/** A reader that has a native stream: PackedReader and ManifestReader. */
export interface NativeReader {
  /** Schema of every batch. */
  readonly schema: Schema
  /** The next batch, or null at the end. */
  readNext(): Promise<RecordBatch | null>
}

function policyOf(options: ImportOptions, name: string): ReadPolicy {
  const { copy } = expectOptions(options, ['copy'], name)
  return {
    copy: expectBoolean(copy, 'copy', false),
    maxOutstandingBytes: Number.MAX_SAFE_INTEGER,
    creditBytes: 0,
  }
}

/** Calls `free` the first time only. */
function once(free: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    free()
  }
}

/**
 * Lend a batch to a native consumer.
 *
 * @throws PackedError InvalidData when a buffer is shorter than its column needs, Detached,
 *   UnsupportedType.
 */
export function exportRecordBatch(batch: RecordBatch): ExportedRecordBatch {
  const addresses = callSync((addon) =>
    addon.cdataExport(addon.importSchema(flattenSchema(batch.schema)), flattenBatch(batch)),
  )
  const release = once(() => {
    callSync((addon) => {
      addon.cdataFree('array', addresses.array)
      addon.cdataFree('schema', addresses.schema)
    })
  })
  return { ...addresses, release }
}

/**
 * Take over the contents of both structs, which are left released. The memory goes back to its
 * producer when the batch is garbage.
 *
 * @throws PackedError InvalidArgument (released, or not a struct), UnsupportedType (a type that
 *   apache-arrow does not have).
 */
export function importRecordBatch(source: ArrowCData, options: ImportOptions = {}): RecordBatch {
  const policy = policyOf(options, 'importRecordBatch')
  const { schema, batch } = callSync((addon) =>
    addon.cdataImport(source.array, source.schema, policy),
  )
  return unflattenBatch(unflattenSchema(schema), batch)
}

/**
 * Lend batches of one schema to a native consumer as a stream; a Table is such a source.
 *
 * Of a PackedReader or a ManifestReader the batches go from native code to native code: the consumer
 * reads on its own threads, from where the reader is, and JavaScript sees nothing of it. Closing or
 * aborting the reader fails the consumer's next call.
 *
 * @throws PackedError Closed, and InvalidArgument for another reader, whose batches exist only in
 *   JavaScript.
 */
export function exportStream(source: BatchSource | NativeReader): ExportedStream {
  const ready = exportReader(source)
  if (ready !== undefined) return lentStream(ready)
  if (!('batches' in source)) {
    throw unexpected('batches, a PackedReader or a ManifestReader', 'exportStream', source)
  }
  const address = callSync((addon) =>
    addon.cdataExportStream(
      addon.importSchema(flattenSchema(source.schema)),
      source.batches.map(flattenBatch),
    ),
  )
  return lentStream(address)
}

function lentStream(address: bigint): ExportedStream {
  return { address, release: once(() => callSync((addon) => addon.cdataFree('stream', address))) }
}

/**
 * Take over a stream. Its producer is called on a thread of the addon, one call at a time, but
 * for the schema, which is asked for at once. `PackedWriter.writeAll` writes what is left of it
 * without a batch in JavaScript.
 *
 * @throws PackedError InvalidArgument, UnsupportedType, and while iterating what the producer
 *   reports.
 */
export function importStream(address: bigint, options: ImportOptions = {}): ImportedStream {
  const policy = policyOf(options, 'importStream')
  const opened = callSync((addon) => addon.cdataOpenStream(address))
  const schema = unflattenSchema(opened.schema)
  const close = once(() => callSync((addon) => addon.cdataStreamClose(opened.stream)))
  let ended = false
  const end = (): IteratorResult<RecordBatch> => {
    ended = true
    close()
    return { done: true, value: undefined }
  }
  const read = () =>
    callAsync<NativeBatch | null>((addon, done) =>
      addon.cdataStreamNext(opened.stream, policy, done),
    )
  const imported: ImportedStream = {
    schema,
    close: () => void end(),
    next: async () => {
      if (ended) return end()
      const batch = await read()
      return batch === null ? end() : { done: false, value: unflattenBatch(schema, batch) }
    },
    return: async () => end(),
    throw: async (error) => {
      end()
      throw error ?? new PackedError('Aborted', 'Expected to read on but received a throw')
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
  rememberForeign(imported, { schema, handle: opened.stream, ended: () => ended })
  return imported
}
