import { Field, type RecordBatch, Schema, Utf8 } from 'apache-arrow'
import { expectOptions } from '../../config/index.js'
import { DeleteData } from '../../data/index.js'
import { PackedError } from '../../errors/index.js'
import { type KeyRetriever, PackedReader, PayloadReader } from '../../packed/index.js'
import { DataType } from '../../schema/index.js'
import type { ChunkManager } from '../../storage/index.js'
import { expectChunkManager } from '../../storage/index.js'
import {
  type BinlogDecryptor,
  type BinlogFile,
  EventType,
  hasBinlogMagic,
  MULTI_FIELD,
  readBinlog,
} from '../v1/index.js'
import { eventsOfType, payloadSource } from '../v1/payload-sources.js'
import { columnsOfBatch, openEitherWay } from './delete-columns.js'
import { type DeleteColumns, parseDeleteRows } from './parse-rows.js'

/** Options of {@link readDeleteLog}. */
export interface ReadDeleteLogOptions {
  /** For encrypted StorageV1 logs. */
  decryptor?: BinlogDecryptor | undefined
  /** For encrypted StorageV2 logs. */
  keyRetriever?: KeyRetriever | undefined
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

const OPTIONS = ['decryptor', 'keyRetriever', 'signal'] as const
const MAGIC_BYTES = 4
const PARQUET = 'PAR1'
const ENCRYPTED_PARQUET = 'PARE'
const TEXT_TYPES: readonly number[] = [DataType.String, DataType.VarChar]

/**
 * Read a delete log of any form, told by its content: JSON or `key,timestamp` rows and
 * MULTI_FIELD columns in a StorageV1 container, or StorageV2's packed Parquet. An object of no
 * bytes has no deletes: old writers left one for none.
 *
 * @returns deletes in the order of the file.
 * @throws PackedError FileCorrupted (neither form, a row that cannot be read: its number),
 *   InvalidData (nulls), Encryption, NotFound, StorageIO. The signal's reason when it is aborted.
 */
export async function readDeleteLog(
  chunks: ChunkManager,
  path: string,
  options: ReadDeleteLogOptions = {},
): Promise<DeleteData> {
  const { signal } = expectOptions(options, OPTIONS, 'readDeleteLog')
  expectChunkManager(chunks, 'chunks')
  const sizeBytes = await chunks.size(path, { signal })
  if (sizeBytes === 0) return new DeleteData()
  const head = await chunks.readAt(path, 0, Math.min(MAGIC_BYTES, sizeBytes), { signal })
  if (hasBinlogMagic(head)) return readContainer(chunks, path, options)
  const magic = Buffer.from(head).toString('latin1')
  if (magic === PARQUET) return readParquet(chunks, path, sizeBytes, options)
  if (magic === ENCRYPTED_PARQUET) return readEncrypted(chunks, path, options)
  throw new PackedError(
    'FileCorrupted',
    `Expected a binlog or Parquet for the delete log "${path}" but received ${JSON.stringify(magic)}`,
    { path },
  )
}

async function readContainer(
  chunks: ChunkManager,
  path: string,
  { decryptor, signal }: ReadDeleteLogOptions,
): Promise<DeleteData> {
  const file = await readBinlog(chunks, path, { decryptor, signal })
  const { version } = file.descriptor.extras
  if (version !== undefined && version !== MULTI_FIELD) {
    throw new PackedError(
      'NotSupported',
      `Expected the version "${MULTI_FIELD}", or none, for the delete log "${path}" but received "${version}"`,
      { path },
    )
  }
  const payloads = await Promise.all(
    eventsOfType(file, EventType.Delete, path).map(({ payload }) =>
      payloadSource(chunks, path, payload, signal),
    ),
  )
  const open = (schema: Schema): Promise<PayloadReader> =>
    PayloadReader.open({
      schema,
      columns: schema.fields.map((_, column) => ({ payloads, column })),
      releasePrevious: true,
      ...placeOf(chunks, signal),
    })
  return version === undefined
    ? readText(await open(new Schema([new Field('val', new Utf8(), false)])), path)
    : readColumns(await openEitherWay(keyTypeOf(file), open), path)
}

function keyTypeOf({ descriptor }: BinlogFile): 'int64' | 'utf8' {
  return TEXT_TYPES.includes(descriptor.payloadType) ? 'utf8' : 'int64'
}

async function readParquet(
  chunks: ChunkManager,
  path: string,
  sizeBytes: number,
  { signal }: ReadDeleteLogOptions,
): Promise<DeleteData> {
  const whole = { path, offset: 0, length: sizeBytes }
  const payloads = [await payloadSource(chunks, path, whole, signal)]
  const reader = await openEitherWay('int64', (schema) =>
    PayloadReader.open({
      schema,
      columns: [
        { payloads, column: 0 },
        { payloads, column: 1 },
      ],
      releasePrevious: true,
      ...placeOf(chunks, signal),
    }),
  )
  return readColumns(reader, path)
}

async function readEncrypted(
  chunks: ChunkManager,
  path: string,
  { keyRetriever, signal }: ReadDeleteLogOptions,
): Promise<DeleteData> {
  if (chunks.storage === undefined) {
    const message = `Expected a storage that the addon reads for the encrypted delete log "${path}" but received another`
    throw new PackedError('NotSupported', message, { path })
  }
  const reader = await openEitherWay('int64', (schema) =>
    PackedReader.open({
      paths: [path],
      schema,
      releasePrevious: true,
      ...placeOf(chunks, signal),
      ...(keyRetriever === undefined ? {} : { keyRetriever }),
    }),
  )
  return readColumns(reader, path)
}

function placeOf({ storage }: ChunkManager, signal: AbortSignal | undefined) {
  return {
    ...(storage === undefined ? {} : { storage }),
    ...(signal === undefined ? {} : { signal }),
  }
}

async function readText(reader: AsyncIterable<RecordBatch>, path: string): Promise<DeleteData> {
  const deletes = new DeleteData()
  for await (const { data } of reader) {
    const { length, valueOffsets, values } = data.children[0]!
    const text = { bytes: values as Uint8Array, offsets: valueOffsets as Int32Array, rows: length }
    append(deletes, parseDeleteRows(text, path, deletes.rowCount), path)
  }
  return deletes
}

async function readColumns(reader: AsyncIterable<RecordBatch>, path: string): Promise<DeleteData> {
  const deletes = new DeleteData()
  for await (const { data } of reader) {
    append(deletes, columnsOfBatch(data.children[0]!, data.children[1]!), path)
  }
  return deletes
}

/** What is no delete in a file is damage of the file. */
function append(deletes: DeleteData, { keys, timestamps }: DeleteColumns, path: string): void {
  try {
    deletes.appendColumns(keys, timestamps)
  } catch (cause) {
    const message = `${(cause as Error).message} of the delete log "${path}"`
    throw new PackedError('FileCorrupted', message, { path, cause })
  }
}
