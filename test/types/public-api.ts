/** Facts about the public types; checked by tsc, never run. */
import type { RecordBatch, Schema, Table } from 'apache-arrow'
import {
  type ArrowRecord,
  type BatchInput,
  type Binlog,
  type BitsMatrix,
  type Bm25Stats,
  type CollectionSchema,
  type ColumnInput,
  createCollectionSchema,
  DeleteData,
  type FieldBinlog,
  type FieldGroup,
  type FieldSchema,
  fieldBinlogFromJson,
  InsertData,
  isPackedError,
  type LocalChunkManager,
  type LocatedSegment,
  locateSegment,
  type MilvusImportRequest,
  type PackedErrorCode,
  PackedReader,
  type PackedWriteResult,
  PackedWriter,
  type PrimaryKeyStats,
  type parseInsertLogPath,
  rowsOf,
  type SegmentInfo,
  type SegmentProblem,
  SegmentReader,
  type SegmentStats,
  type SegmentVerification,
  SegmentWriter,
  type segmentStats,
  toVectorColumn,
  type VectorMatrix,
  vectorsOf,
  verifySegment,
  writeSegment,
} from '../../lib/index.js'
import { expectType, type Same } from './expect-type.js'

declare const schema: Schema
declare const batch: RecordBatch
declare const table: Table
declare const caught: unknown
declare const collection: CollectionSchema
declare const record: ArrowRecord
declare const location: LocatedSegment

/** Members that are `any`, and methods that give it. */
type Loose<T> = {
  [K in keyof T]-?: T[K] extends (...args: never[]) => infer R
    ? 0 extends 1 & Awaited<R>
      ? K
      : never
    : 0 extends 1 & T[K]
      ? K
      : never
}[keyof T]

export async function writer(): Promise<void> {
  await using opened = await PackedWriter.open({ schema, directory: 'seg', groups: 'milvus' })
  await opened.write(batch)
  await opened.write(table, { copy: true })
  await opened.write({ array: 1n, schema: 2n })
  await opened.writeAll([batch, table])
  const result = await opened.finish()
  expectType<Same<typeof result, PackedWriteResult>>()
  expectType<Same<(typeof result.groups)[number]['id'], bigint>>()
  expectType<Same<(typeof result.groups)[number]['rows'], number>>()
  expectType<Same<Parameters<typeof opened.write>[0], BatchInput>>()

  // @ts-expect-error -- a misspelled option
  await PackedWriter.open({ schema, directory: 'seg', bufferSize: 1 })
  // @ts-expect-error -- encryption needs a key and what finds it again
  await PackedWriter.open({ schema, directory: 'seg', encryption: {} })
  // @ts-expect-error -- no such codec
  await PackedWriter.open({ schema, directory: 'seg', compression: 'zip' })
  // @ts-expect-error -- a schema is needed
  await PackedWriter.open({ directory: 'seg' })
  // @ts-expect-error -- rows are not batches
  await opened.write([{ id: 1 }])
}

export async function reader(): Promise<void> {
  await using opened = await PackedReader.open({ paths: ['a'], columns: ['id', 100, 101n] })
  for await (const one of opened) expectType<Same<typeof one, RecordBatch>>()
  const next = await opened.readNext()
  expectType<Same<typeof next, RecordBatch | null>>()
  expectType<Same<typeof opened.metadata, ReadonlyMap<string, string>>>()

  const wanted = {
    or: [
      ['price', '>=', 10],
      [101, 'in', ['de', 'fr']],
    ],
  } as const
  await PackedReader.open({ paths: ['a'], filter: [wanted, ['title', 'is null']] })
  // @ts-expect-error -- no such operator
  await PackedReader.open({ paths: ['a'], filter: ['price', '=>', 10] })
  // @ts-expect-error -- one path is an array of one
  await PackedReader.open({ paths: 'a' })
}

export function vectors(): void {
  const any = vectorsOf(batch, 'v')
  expectType<Same<typeof any, VectorMatrix>>()
  if (any.element === 'float32') expectType<Same<typeof any.data, Float32Array>>()
  const int8 = vectorsOf(batch, 'v', { element: 'int8' })
  expectType<Same<typeof int8.data, Int8Array>>()
  const decoded = vectorsOf(batch, 'v', { element: 'bfloat16' })
  expectType<Same<typeof decoded.data, Float32Array>>()
  const bits = vectorsOf(batch, 'v', { element: 'float16', as: 'bits' })
  expectType<Same<typeof bits, BitsMatrix>>()
  toVectorColumn(new Float32Array(4), 2)
  // @ts-expect-error -- no vectors of doubles
  toVectorColumn(new Float64Array(4), 2)
}

export function errors(): string | undefined {
  if (!isPackedError(caught)) return undefined
  expectType<Same<typeof caught.code, PackedErrorCode>>()
  // @ts-expect-error -- codes are a closed union
  return caught.code === 'Busy' ? caught.path : caught.field
}

declare const chunkManager: LocalChunkManager
const target = {
  schema: collection,
  chunkManager,
  ids: { collectionId: 1, partitionId: 2n, segmentId: 3 },
  allocateId: () => 9n,
}

export async function segments(): Promise<void> {
  const data = InsertData.fromRows(collection, [{ id: 1n }])
  const deletes = new DeleteData()
  deletes.append(1, 2n)
  const info = await writeSegment({ ...target, data: [data, record], deletes })
  expectType<Same<typeof info, SegmentInfo>>()
  expectType<Same<typeof info.segmentId, bigint>>()
  expectType<Same<typeof info.storageVersion, 0 | 2 | 3>>()
  expectType<Same<typeof info.numRows, number>>()
  expectType<Same<typeof info.schema, CollectionSchema | undefined>>()
  // @ts-expect-error -- Milvus has no version 1
  await writeSegment({ ...target, data: [], storageVersion: 1 })
  // @ts-expect-error -- rows go through InsertData
  await writeSegment({ ...target, data: [{ id: 1n }] })
  // @ts-expect-error -- ids are integers
  await writeSegment({ ...target, data: [], ids: { ...target.ids, segmentId: '3' } })
  // @ts-expect-error -- a misspelled option
  await writeSegment({ ...target, data: [], bloomfilter: 'basic' })

  await using writer = new SegmentWriter(target)
  await writer.write(record, new Map([[100n, 8]]))
  expectType<Same<Awaited<ReturnType<typeof writer.finish>>, SegmentInfo>>()

  const { binlogs, deltalogs } = info
  await using reader = await SegmentReader.open({ schema: collection, binlogs, deltalogs })
  for await (const one of reader) expectType<Same<typeof one, RecordBatch>>()
  expectType<Same<Awaited<ReturnType<typeof reader.toTable>>, Table>>()
  expectType<Same<typeof reader.hiddenRows, number>>()
  await SegmentReader.open({ schema: collection, binlogs, columns: ['id', 100, 101n] })
  // @ts-expect-error -- without a collection there is nothing to read
  await SegmentReader.open({ binlogs })
  // @ts-expect-error -- a timestamp is a number
  await SegmentReader.open({ schema: collection, binlogs, readTimestamp: '7' })

  const located = await locateSegment({ chunkManager, segmentId: 3 })
  expectType<Same<(typeof located)['source'], 'sidecar' | 'files'>>()
  const checked = await verifySegment({ chunkManager, segment: located })
  expectType<Same<typeof checked, SegmentVerification>>()
  expectType<Same<(typeof checked.problems)[number], SegmentProblem>>()
}

/** Ids and timestamps are bigint wherever they come out; rows and bytes are numbers. */
export function idsAndCounts(): void {
  const list = fieldBinlogFromJson('{}')
  expectType<Same<typeof list, FieldBinlog>>()
  expectType<Same<typeof list.fieldId, bigint>>()
  expectType<Same<typeof list.childFields, readonly bigint[]>>()
  expectType<Same<typeof list.binlogs, readonly Binlog[]>>()
  expectType<Same<Binlog['logId'], bigint>>()
  expectType<Same<Binlog['timestampFrom'], bigint>>()
  expectType<Same<Binlog['timestampTo'], bigint>>()
  expectType<Same<Binlog['entriesNum'], number>>()
  expectType<Same<Binlog['logSize'], number>>()
  expectType<Same<Binlog['memorySize'], number>>()
  expectType<Same<Binlog['fieldNullCounts'], ReadonlyMap<bigint, number>>>()
  expectType<Same<FieldSchema['fieldId'], bigint>>()
  expectType<Same<FieldGroup['id'], bigint>>()
  expectType<Same<FieldGroup['fieldIds'], bigint[]>>()
  expectType<Same<ArrowRecord['fieldIdToColumn'], ReadonlyMap<bigint, number>>>()
  expectType<Same<PrimaryKeyStats['fieldId'], bigint>>()
  expectType<Same<SegmentStats['segmentId'], bigint>>()
  expectType<Same<ReturnType<typeof segmentStats>['groups'][number]['id'], bigint>>()
  expectType<Same<DeleteData['timestamps'], BigInt64Array>>()
  expectType<Same<NonNullable<ReturnType<typeof parseInsertLogPath>>['logId'], bigint>>()
}

export function rows(): void {
  const created = createCollectionSchema({
    name: 'books',
    fields: [{ name: 'id', dataType: 'Int64', isPrimaryKey: true }],
  })
  expectType<Same<typeof created, CollectionSchema>>()
  const data = new InsertData(created, { lenient: true })
  data.appendRow({ id: 1 })
  data.appendColumns({ id: BigInt64Array.of(1n) })
  data.appendBatch(batch)
  data.appendBatch(record)
  expectType<Same<typeof data.rowCount, number>>()
  expectType<Same<ReturnType<typeof data.memorySize>, number>>()
  for (const row of rowsOf(batch, created)) expectType<Same<typeof row, Record<string, unknown>>>()
  // @ts-expect-error -- no such data type
  createCollectionSchema({ name: 'books', fields: [{ name: 'id', dataType: 'Int65' }] })
  // @ts-expect-error -- a column is a list of values
  const column: ColumnInput = 7
  void column
}

export function nothingIsAny(): void {
  expectType<Same<Loose<InsertData>, never>>()
  expectType<Same<Loose<DeleteData>, never>>()
  expectType<Same<Loose<Bm25Stats>, never>>()
  expectType<Same<Loose<PrimaryKeyStats>, never>>()
  expectType<Same<Loose<SegmentReader>, never>>()
  expectType<Same<Loose<SegmentWriter>, never>>()
  expectType<Same<Loose<SegmentInfo>, never>>()
  expectType<Same<Loose<typeof location>, never>>()
  expectType<Same<Loose<SegmentStats>, never>>()
  expectType<Same<Loose<SegmentProblem>, never>>()
  expectType<Same<Loose<MilvusImportRequest>, never>>()
  expectType<Same<Loose<CollectionSchema>, never>>()
  expectType<Same<Loose<FieldSchema>, never>>()
  expectType<Same<Loose<ArrowRecord>, never>>()
  expectType<Same<Loose<FieldBinlog>, never>>()
  expectType<Same<Loose<Binlog>, never>>()
}
