/** Every option of what works on files, rows and logs, misspelled once. */
import { type RecordBatch, Schema } from 'apache-arrow'
import { type ImportOptions, importRecordBatch, importStream } from '../lib/cdata/public.js'
import {
  type ArrowSchemaOptions,
  type BinlogFacts,
  type BuildBinlogOptions,
  type BuildRecordOptions,
  binlogOf,
  buildBinlog,
  buildInsertLogPath,
  buildRecord,
  type CollectionSchemaOptions,
  type ColumnWriteOptions,
  collectionSchemaFromJson,
  collectionSchemaToJson,
  convertFromArrowSchema,
  convertToArrowSchema,
  createCollectionSchema,
  DeleteData,
  type DeserializeRecordOptions,
  deserializeRecord,
  encodeScalarField,
  type FromArrowOptions,
  type FrozenSplitOptions,
  frozenSplit,
  InsertData,
  type InsertDataOptions,
  type LogPathOptions,
  type OptimizeColumnLayoutOptions,
  optimizeColumnLayout,
  PackedWriter,
  PrimaryKeyStats,
  type PrimaryKeyStatsOptions,
  parseInsertLogPath,
  type QuantizeOptions,
  type ReadBinlogOptions,
  type ReadDeleteLogOptions,
  type RowsOfOptions,
  readBinlog,
  readDeleteLog,
  rowsOf,
  type ScalarFieldOptions,
  type SerDeOptions,
  type SerializeRecordOptions,
  type SplitOptions,
  serDeOf,
  serializeRecord,
  splitByDefaultPolicies,
  type TuneOptions,
  toVectorColumn,
  tuneFiles,
  V1RecordReader,
  type V1RecordReaderOptions,
  V1RecordWriter,
  type V1RecordWriterOptions,
  type VectorColumnOptions,
  type VectorsOfOptions,
  vectorsOf,
  type WriteDeleteLogOptions,
  type WriteOptions,
  writeDeleteLog,
} from '../lib/index.js'
import { namesOf, testDoors } from './support/misspelled.js'
import { rejection } from './support/rejection.js'
import { sampleBatch, sampleSchema } from './support/sample.js'
import { BOOKS } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('misspelled-options-of-data')
const bytes = new Uint8Array(8)
/** What nobody is to look at before the options. */
const unseen = {} as never
let batch: RecordBatch
let writer: PackedWriter
beforeAll(async () => {
  batch = sampleBatch(0, 10)
  writer = await PackedWriter.open({ schema: sampleSchema(), directory })
})
afterAll(() => writer.close())

const writerOf = (more: object) =>
  PackedWriter.open({ schema: sampleSchema(), directory: 'never', ...more })

describe('of packed files', () => {
  testDoors([
    ['write', (o) => writer.write(batch, o), namesOf<WriteOptions>()('copy')],
    ['writeAll', (o) => writer.writeAll([batch], o), namesOf<WriteOptions>()('copy')],
    [
      'columns of a writer',
      (o) => writerOf({ columns: { id: o } }),
      namesOf<ColumnWriteOptions>()('codec level encoding reason estimatedBytes dim'),
    ],
    [
      'quantize of a writer',
      (o) => writerOf({ quantize: { embedding: o } }),
      namesOf<QuantizeOptions>()(
        'fieldId name scale scaleFieldId scaleName maxAbs keepOriginal dim',
      ),
    ],
    [
      'optimizeColumnLayout',
      (o) => optimizeColumnLayout(batch, o),
      namesOf<OptimizeColumnLayoutOptions>()('columns compression config concurrency signal'),
    ],
    [
      'tuneFiles',
      (o) => tuneFiles(o),
      namesOf<TuneOptions>()(
        'paths storage lenient layouts codecs levels rows sampleBytes rounds goal scratch signal',
        'onProgress',
      ),
    ],
    [
      'serializeRecord',
      (o) => serializeRecord(batch, sampleSchema(), o),
      namesOf<SerializeRecordOptions>()('level buffers signal'),
    ],
    [
      'deserializeRecord',
      (o) => deserializeRecord(bytes, sampleSchema(), o),
      namesOf<DeserializeRecordOptions>()('maxBytes lenient copy signal'),
    ],
    [
      'toVectorColumn',
      (o) => toVectorColumn(new Float32Array(4), 2, o),
      namesOf<VectorColumnOptions>()('validity as'),
    ],
    ['vectorsOf', (o) => vectorsOf(batch, 'id', o), namesOf<VectorsOfOptions>()('element as')],
    [
      'importRecordBatch',
      (o) => importRecordBatch({ array: 0n, schema: 0n }, o),
      namesOf<ImportOptions>()('copy'),
    ],
    ['importStream', (o) => importStream(0n, o), namesOf<ImportOptions>()('copy')],
  ])
})

test('a misspelled option of a write leaves the writer open', async () => {
  const open = await PackedWriter.open({ schema: sampleSchema(), directory: `${directory}/open` })
  const [wrong, bad] = [{ cop: true }, { copy: 1 }] as never[]
  for (const options of [wrong, bad]) {
    expect((await rejection(() => open.write(batch, options))).code).toBe('InvalidArgument')
    expect((await rejection(() => open.writeAll([batch], options))).code).toBe('InvalidArgument')
  }
  await open.write(batch, { copy: true })
  expect((await open.finish()).rows).toBe(10)
})

describe('of schemas and rows', () => {
  testDoors([
    [
      'createCollectionSchema',
      (o) => createCollectionSchema({ name: 'a', fields: [] }, o),
      namesOf<CollectionSchemaOptions>()('requirePrimaryKey'),
    ],
    [
      'collectionSchemaFromJson',
      (o) => collectionSchemaFromJson(collectionSchemaToJson(BOOKS), o),
      namesOf<CollectionSchemaOptions>()('requirePrimaryKey'),
    ],
    [
      'convertToArrowSchema',
      (o) => convertToArrowSchema(BOOKS, false, o),
      namesOf<ArrowSchemaOptions>()('nullability'),
    ],
    [
      'convertFromArrowSchema',
      (o) => convertFromArrowSchema(new Schema([]), o),
      namesOf<FromArrowOptions>()('requirePrimaryKey name collection fields primaryKey guess'),
    ],
    [
      'encodeScalarField',
      (o) => encodeScalarField(5, [], o),
      namesOf<ScalarFieldOptions>()('elementNullable'),
    ],
    [
      'splitByDefaultPolicies',
      (o) => splitByDefaultPolicies(BOOKS, o),
      namesOf<SplitOptions>()('averageBytes policies'),
    ],
    [
      'frozenSplit',
      (o) => frozenSplit([], BOOKS, o),
      namesOf<FrozenSplitOptions>()('dropped added'),
    ],
    [
      'InsertData',
      (o) => new InsertData(BOOKS, o),
      namesOf<InsertDataOptions>()('lenient onLenient'),
    ],
    ['buildRecord', (o) => buildRecord(BOOKS, [], o), namesOf<BuildRecordOptions>()('useFieldId')],
    ['rowsOf', (o) => [...rowsOf(batch, BOOKS, o)], namesOf<RowsOfOptions>()('json copy')],
    ['serDeOf', (o) => serDeOf(BOOKS.fields[0]!, o), namesOf<SerDeOptions>()('lenient jsonText')],
  ])
})

describe('of logs', () => {
  testDoors([
    ['buildBinlog', (o) => buildBinlog(unseen, [], o), namesOf<BuildBinlogOptions>()('streamed')],
    [
      'readBinlog',
      (o) => readBinlog(unseen, 'a', o),
      namesOf<ReadBinlogOptions>()('decryptor signal'),
    ],
    [
      'binlogOf',
      (o) => binlogOf(unseen, o),
      namesOf<BinlogFacts>()('timestampFrom timestampTo logId logPath logSize'),
    ],
    [
      'writeDeleteLog',
      (o) => writeDeleteLog(unseen, 'a', new DeleteData(), o),
      namesOf<WriteDeleteLogOptions>()('format collectionId partitionId segmentId logId signal'),
    ],
    [
      'readDeleteLog',
      (o) => readDeleteLog(unseen, 'a', o),
      namesOf<ReadDeleteLogOptions>()('decryptor keyRetriever signal'),
    ],
    [
      'buildInsertLogPath',
      (o) => buildInsertLogPath('', 1, 2, 3, 4, 5, o),
      namesOf<LogPathOptions>()('layout'),
    ],
    ['parseInsertLogPath', (o) => parseInsertLogPath('', o), namesOf<LogPathOptions>()('layout')],
    [
      'PrimaryKeyStats.build',
      (o) => PrimaryKeyStats.build(o),
      namesOf<PrimaryKeyStatsOptions>()('fieldId pkType keys kind falsePositive signal'),
    ],
    [
      'V1RecordWriter.open',
      (o) => V1RecordWriter.open(o),
      namesOf<V1RecordWriterOptions>()(
        'schema chunkManager location logIds form timestampFrom timestampTo compression signal',
      ),
    ],
    [
      'V1RecordReader.open',
      (o) => V1RecordReader.open(o),
      namesOf<V1RecordReaderOptions>()(
        'fieldBinlogs schema chunkManager columns defaults filter location decryptor visibility',
        'batchRows batchBytes bufferBytes releasePrevious copy maxOutstandingBytes signal',
      ),
    ],
  ])
})
