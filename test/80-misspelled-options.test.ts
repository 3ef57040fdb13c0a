/** Every option of every reader and writer, misspelled once: the error says which, and the nearest name. */
import {
  type BinlogRecordReaderOptions,
  createCollectionSchema,
  ManifestReader,
  type ManifestReaderOptions,
  type ManifestWriterOptions,
  openBinlogRecordReader,
  PackedReader,
  type PackedReaderOptions,
  PackedRecordManifestWriter,
  PackedRecordReader,
  type PackedRecordReaderOptions,
  PackedRecordWriter,
  type PackedRecordWriterOptions,
  PackedWriter,
  type PackedWriterOptions,
  SegmentReader,
  type SegmentReaderOptions,
  type WriteSegmentOptions,
  writeSegment,
} from '../lib/index.js'
import { rejection } from './support/rejection.js'

/** All names of options: the types check sees one that is missing here. */
type Names<Options> = Record<keyof Required<Options>, true>

/** How batches come out, of every reader. */
const STREAM = {
  batchRows: true,
  batchBytes: true,
  bufferBytes: true,
  releasePrevious: true,
  copy: true,
  maxOutstandingBytes: true,
  signal: true,
} as const

const packedReader: Names<PackedReaderOptions> = {
  ...STREAM,
  paths: true,
  columnGroups: true,
  storage: true,
  schema: true,
  columns: true,
  defaults: true,
  vectors: true,
  quantized: true,
  mmap: true,
  lenient: true,
  keyRetriever: true,
  matchBy: true,
  visibility: true,
  filter: true,
}

const packedWriter: Names<PackedWriterOptions> = {
  schema: true,
  fieldIds: true,
  groups: true,
  directory: true,
  layout: true,
  compatibility: true,
  compression: true,
  config: true,
  vectors: true,
  columns: true,
  quantize: true,
  quantized: true,
  rowGroupBytes: true,
  bufferBytes: true,
  userMetadata: true,
  ifExists: true,
  fsync: true,
  concurrency: true,
  storage: true,
  copy: true,
  signal: true,
  onProgress: true,
  encryption: true,
  multipartPartBytes: true,
  spool: true,
}

const recordReader: Names<PackedRecordReaderOptions> = {
  ...STREAM,
  schema: true,
  paths: true,
  columns: true,
  defaults: true,
  filter: true,
  bucketName: true,
  storage: true,
  mmap: true,
  lenient: true,
  keyRetriever: true,
  visibility: true,
}

const binlogReader: Names<BinlogRecordReaderOptions> = {
  ...STREAM,
  storageVersion: true,
  chunkManager: true,
  location: true,
  decryptor: true,
  storage: true,
  bucketName: true,
  columns: true,
  defaults: true,
  filter: true,
  mmap: true,
  lenient: true,
  keyRetriever: true,
  visibility: true,
}

const segmentReader: Names<SegmentReaderOptions> = {
  ...STREAM,
  schema: true,
  manifestPath: true,
  basePath: true,
  version: true,
  manifestDeletes: true,
  binlogs: true,
  deltalogs: true,
  l0Deltalogs: true,
  statslogs: true,
  storage: true,
  chunkManager: true,
  location: true,
  readTimestamp: true,
  deletesUpTo: true,
  columns: true,
  systemFields: true,
  decryptor: true,
  filter: true,
  mmap: true,
  lenient: true,
  keyRetriever: true,
}

const manifestReader: Names<ManifestReaderOptions> = {
  ...STREAM,
  basePath: true,
  chunkManager: true,
  storage: true,
  version: true,
  manifest: true,
  schema: true,
  columns: true,
  filter: true,
  defaults: true,
  vectors: true,
  mmap: true,
  keyRetriever: true,
}

const recordWriter: Names<PackedRecordWriterOptions> = {
  schema: true,
  paths: true,
  columnGroups: true,
  bucketName: true,
  pluginContext: true,
  layout: true,
  compatibility: true,
  compression: true,
  config: true,
  vectors: true,
  columns: true,
  quantized: true,
  rowGroupBytes: true,
  bufferBytes: true,
  multipartPartBytes: true,
  spool: true,
  userMetadata: true,
  ifExists: true,
  fsync: true,
  concurrency: true,
  storage: true,
  encryption: true,
  signal: true,
  onProgress: true,
}

const manifestWriter: Names<ManifestWriterOptions> = {
  schema: true,
  fieldIds: true,
  columnNames: true,
  basePath: true,
  chunkManager: true,
  storage: true,
  policy: true,
  rollingBytes: true,
  format: true,
  columns: true,
  signal: true,
  onProgress: true,
  layout: true,
  compatibility: true,
  compression: true,
  config: true,
  vectors: true,
  quantized: true,
  rowGroupBytes: true,
  bufferBytes: true,
  multipartPartBytes: true,
  userMetadata: true,
  fsync: true,
  concurrency: true,
  encryption: true,
}

const segmentWriter: Names<WriteSegmentOptions> = {
  schema: true,
  chunkManager: true,
  storage: true,
  ids: true,
  allocateId: true,
  root: true,
  layout: true,
  storageVersion: true,
  groups: true,
  chunkBytes: true,
  bloomFilter: true,
  sidecar: true,
  encryption: true,
  quantized: true,
  signal: true,
  data: true,
  deletes: true,
}

const collection = createCollectionSchema({
  name: 'books',
  fields: [{ name: 'id', dataType: 'Int64', isPrimaryKey: true }],
})

/** A door that is opened with these options, whatever they are. */
type Door = (options: never) => Promise<unknown>

const doors: Record<string, [Door, Record<string, true>]> = {
  'PackedReader.open': [(options) => PackedReader.open(options), packedReader],
  'PackedRecordReader.open': [(options) => PackedRecordReader.open(options), recordReader],
  openBinlogRecordReader: [
    (options) => openBinlogRecordReader([], collection, options),
    binlogReader,
  ],
  'SegmentReader.open': [(options) => SegmentReader.open(options), segmentReader],
  'ManifestReader.open': [(options) => ManifestReader.open(options), manifestReader],
  'PackedWriter.open': [(options) => PackedWriter.open(options), packedWriter],
  'PackedRecordWriter.open': [(options) => PackedRecordWriter.open(options), recordWriter],
  'PackedRecordManifestWriter.open': [
    (options) => PackedRecordManifestWriter.open(options),
    manifestWriter,
  ],
  writeSegment: [(options) => writeSegment(options), segmentWriter],
}

/** Mistakes in one name: its last letter twice, and none of it. */
const misspellings = (name: string) => [`${name}${name.at(-1)}`, name.slice(0, -1)]

test.each(Object.entries(doors))('%s', async (_, [open, names]) => {
  const known = Object.keys(names)
  for (const name of known) {
    for (const wrong of misspellings(name)) {
      if (known.includes(wrong)) continue
      const error = await rejection(() => open({ [wrong]: 1 } as never))
      const message = (error as Error).message
      expect({ wrong, error }).toMatchObject({ error: { code: 'InvalidArgument' } })
      expect(message).toContain(`"${wrong}"`)
      expect(message).toContain(`Did you mean "${name}"?`)
    }
  }
})
