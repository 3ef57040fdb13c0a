/** StorageV1 segments of a small collection, in a tree of the test file's own. */
import {
  type DataType as ArrowType,
  Field,
  FixedSizeBinary,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import {
  type FieldBinlog,
  V1RecordReader,
  type V1RecordReaderOptions,
  V1RecordWriter,
  type V1RecordWriterOptions,
} from '../../lib/binlog/index.js'
import {
  createCollectionSchema,
  FIELD_ID_KEY,
  SimpleArrowRecord,
  withSystemFields,
} from '../../lib/schema/index.js'
import { LocalChunkManager } from '../../lib/storage/index.js'
import { temporaryDirectory } from './temporary.js'

export const chunkManager = new LocalChunkManager({ rootPath: temporaryDirectory('v1-records') })
export const KEY = { fieldId: 100, name: 'key', dataType: 'Int64', isPrimaryKey: true } as const
export const NOTE = {
  fieldId: 101,
  name: 'note',
  dataType: 'VarChar',
  nullable: true,
  typeParams: { max_length: '99' },
} as const
export const VECTOR = { fieldId: 102, name: 'vector', dataType: 'FloatVector', dim: 2 } as const
export const schema = withSystemFields(
  createCollectionSchema({ name: 'c', fields: [KEY, NOTE, VECTOR] }),
)

export interface Row {
  key: number
  ts: number
  note: string | null
}
export const FIRST: Row[] = [
  { key: 1, ts: 30, note: 'eins' },
  { key: 2, ts: 10, note: null },
  { key: 3, ts: 20, note: '😀' },
]
export const SECOND: Row[] = [{ key: 4, ts: 40, note: null }]

export function batchOf(
  fields: [string, number, ArrowType, readonly unknown[]][],
): SimpleArrowRecord {
  const arrowFields = fields.map(
    ([name, id, type]) => new Field(name, type, true, new Map([[FIELD_ID_KEY, String(id)]])),
  )
  const children = fields.map(([, , type, values]) => vectorFromArray(values, type).data[0]!)
  const length = children[0]!.length
  const data = makeData({ type: new Struct(arrowFields), length, nullCount: 0, children })
  return new SimpleArrowRecord(new RecordBatch(new Schema(arrowFields), data))
}

export function vectorOf(key: number): Uint8Array {
  return new Uint8Array(Float32Array.of(key, -key).buffer)
}

/** Columns in an order of their own: they are found by field id. */
export function recordOf(rows: readonly Row[]): SimpleArrowRecord {
  return batchOf([
    ['v', 102, new FixedSizeBinary(8), rows.map(({ key }) => vectorOf(key))],
    ['n', 101, new Utf8(), rows.map(({ note }) => note)],
    ['k', 100, new Int64(), rows.map(({ key }) => BigInt(key))],
    ['t', 1, new Int64(), rows.map(({ ts }) => BigInt(ts))],
    ['r', 0, new Int64(), rows.map(({ key }) => BigInt(key * 1000))],
  ])
}

let segments = 0

/** The segment that the writer options made last are for. */
export const lastSegment = (): number => segments

export function writerOptions(options: Partial<V1RecordWriterOptions> = {}): V1RecordWriterOptions {
  segments += 1
  return {
    schema,
    chunkManager,
    location: { root: 'files', collectionId: 1, partitionId: 2, segmentId: segments },
    logIds: (fieldId) => 1000n + fieldId,
    ...options,
  }
}

export async function written(
  records: readonly Row[][],
  options: Partial<V1RecordWriterOptions> = {},
): Promise<readonly FieldBinlog[]> {
  const writer = await V1RecordWriter.open(writerOptions(options))
  for (const rows of records) await writer.write(recordOf(rows))
  await writer.close()
  return writer.fieldBinlogs
}

export type ReadOptions = Partial<V1RecordReaderOptions>

export async function rowsOf(fieldBinlogs: readonly FieldBinlog[], options: ReadOptions = {}) {
  const reader = await V1RecordReader.open({ fieldBinlogs, schema, chunkManager, ...options })
  const rows: Record<string, unknown>[] = []
  for await (const record of reader) {
    for (const row of record.toBatch()) rows.push(row!.toJSON())
  }
  return rows
}

/** A chunk's logs joined to those of the chunk before; each keeps its place by its log id. */
export function joined(...chunks: (readonly FieldBinlog[])[]): FieldBinlog[] {
  const ids = [...new Set(chunks.flat().map(({ fieldId }) => fieldId))]
  return ids.map((id) => {
    const parts = chunks.flat().filter(({ fieldId }) => fieldId === id)
    return { ...parts[0]!, binlogs: parts.flatMap(({ binlogs }) => binlogs) }
  })
}

export const expectedRow = ({ key, ts, note }: Row) => ({
  RowID: BigInt(key * 1000),
  Timestamp: BigInt(ts),
  key: BigInt(key),
  note,
  vector: vectorOf(key),
})
