import { type Data, Field, List, makeData, RecordBatch, Schema, Struct } from 'apache-arrow'
import { expectInteger, expectObject, expectOptions } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { PackedWriter } from '../packed/index.js'
import {
  type ArrowRecord,
  type CollectionSchema,
  expectCollectionSchema,
  FIRST_USER_FIELD_ID,
  type FieldSchema,
  type StructArrayField,
} from '../schema/index.js'
import type { ChunkManager } from '../storage/index.js'
import { bulkColumn } from './export-columns.js'
import {
  IMPORT_TARGET,
  type ImportTarget,
  importRequest,
  type MilvusImportRequest,
} from './export-request.js'
import { memberName } from './import-bulk.js'
import { expectChunks } from './segment-input.js'
import { storageOf } from './segment-keys.js'
import { takingBack } from './take-back.js'

/** Options of an export in the form of pymilvus's bulk writer. */
export interface BulkExportOptions extends ImportTarget {
  /** Rows as Parquet files that a bulk import takes. */
  form: 'bulk'
  /** The collection of the rows. */
  schema: CollectionSchema
  /** Visible rows with every field of the schema, as a SegmentReader gives them. */
  records: AsyncIterable<ArrowRecord> | Iterable<ArrowRecord>
  /** Files are `{prefix}/1.parquet`, `{prefix}/2.parquet`, … */
  prefix: string
  /** Where they go. */
  target: ChunkManager
  /** Decoded bytes after which another file is begun; 128 MiB by default. */
  fileBytes?: number
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

const OPTIONS = [
  ...IMPORT_TARGET,
  'form',
  'schema',
  'records',
  'prefix',
  'target',
  'fileBytes',
  'signal',
] as const
const DEFAULT_FILE_BYTES = 128 << 20

/**
 * Write rows as Parquet files that Milvus's import and pymilvus's users read: one column per
 * field under its name, vectors as lists, struct arrays as lists of structs, `$meta` as JSON text.
 * Keys that the collection makes itself, outputs of functions and system fields are left out.
 *
 * @throws PackedError UnsupportedType, InvalidData, InvalidArgument (a record without a field),
 *   and what `PackedWriter` throws (AlreadyExists among it). Then no file of the export is left.
 */
export async function exportBulk(options: BulkExportOptions): Promise<MilvusImportRequest> {
  expectOptions(options, OPTIONS, 'exportForMilvusImport')
  expectCollectionSchema(options.schema)
  expectObject(options.target, 'target')
  expectChunks(options.records, 'records')
  const files = await takingBack(options.target, (note) => writeFiles(options, note))
  const lists = files.map((path) => [path])
  return importRequest(options, lists, {})
}

async function writeFiles(
  options: BulkExportOptions,
  note: (path: string) => void,
): Promise<string[]> {
  const { prefix, signal } = options
  const fileBytes = expectInteger(options.fileBytes, 'fileBytes', {
    min: 1,
    fallback: DEFAULT_FILE_BYTES,
  })
  const files: string[] = []
  let writer: PackedWriter | undefined
  try {
    for await (const record of options.records) {
      signal?.throwIfAborted()
      if (record.numRows === 0) continue
      const batch = bulkBatch(record, options.schema)
      if (writer === undefined) {
        const path = `${prefix}/${files.length + 1}.parquet`
        writer = await openFile(batch.schema, path, options)
        files.push(path)
      }
      await writer.write(batch)
      if (writer.progress.bytesIn < fileBytes) continue
      await writer.finish()
      note(files.at(-1)!)
      writer = undefined
    }
    await writer?.finish()
    return files
  } finally {
    await writer?.close()
  }
}

function openFile(
  schema: Schema,
  path: string,
  { target, signal }: BulkExportOptions,
): Promise<PackedWriter> {
  return PackedWriter.open({
    schema,
    fieldIds: 'auto',
    groups: [{ id: 0, path, fields: schema.fields.map(({ name }) => name) }],
    storage: storageOf(target),
    ...(signal === undefined ? {} : { signal }),
  })
}

/** The rows of a record in the columns of the bulk form. */
export function bulkBatch(record: ArrowRecord, schema: CollectionSchema): RecordBatch {
  const plain = schema.fields.filter(isImported).map((field): [Field, Data] => {
    const data = bulkColumn(field, columnOf(record, field))
    return [new Field(field.name, data.type, field.nullable), data]
  })
  const structs = schema.structArrayFields.map((struct): [Field, Data] => {
    const data = structColumn(struct, record)
    return [new Field(struct.name, data.type, struct.nullable), data]
  })
  const columns = [...plain, ...structs]
  const fields = columns.map(([field]) => field)
  const children = columns.map(([, data]) => data)
  const type = new Struct(fields)
  const data = makeData({ type, length: record.numRows, nullCount: 0, children })
  return new RecordBatch(new Schema(fields), data)
}

function isImported(field: FieldSchema): boolean {
  const made = (field.isPrimaryKey && field.autoId) || field.isFunctionOutput
  return field.fieldId >= FIRST_USER_FIELD_ID && !made
}

function columnOf(record: ArrowRecord, { fieldId, name }: FieldSchema): Data {
  const data = record.column(fieldId)
  if (data !== undefined) return data
  const message = `Expected the field "${name}" (${fieldId}) in every record but received none`
  throw new PackedError('InvalidArgument', message, { field: name })
}

/** The columns of a struct array as one list of structs. */
function structColumn(struct: StructArrayField, record: ArrowRecord): Data {
  const lists = struct.fields.map((field) => bulkColumn(field, columnOf(record, field)))
  const [first] = lists
  if (first === undefined) {
    const message = `Expected sub-fields for the struct array "${struct.name}" but received none`
    throw new PackedError('InvalidSchema', message, { field: struct.name })
  }
  lists.forEach((list, index) => {
    const offsets = list.valueOffsets as Int32Array
    const row = offsets.findIndex((offset, at) => offset !== first.valueOffsets[at])
    if (row < 0) return
    throw new PackedError(
      'InvalidData',
      `Expected equally many elements in every sub-field of "${struct.name}" but received others ` +
        `for "${struct.fields[index]!.name}" in row ${row - 1}`,
      { field: `${struct.name}.${struct.fields[index]!.name}` },
    )
  })
  const items = lists.map((list) => list.children[0]!)
  const members = struct.fields.map(
    ({ name }, index) => new Field(memberName(struct, name), items[index]!.type, true),
  )
  const type = new Struct(members)
  const length = first.valueOffsets[first.length]!
  const child = makeData({ type, length, nullCount: 0, children: items })
  return makeData({
    type: new List(new Field('item', type, true)),
    offset: first.offset,
    length: first.length,
    nullCount: first.nullCount,
    nullBitmap: first.nullCount > 0 ? first.nullBitmap : null,
    valueOffsets: first.valueOffsets,
    child,
  })
}
