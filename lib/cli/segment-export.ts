import type { RecordBatch } from 'apache-arrow'
import { Command, Option } from 'commander'
import { type ArrowRecord, type CollectionSchema, SimpleArrowRecord } from '../schema/index.js'
import { exportForMilvusImport, type MilvusImportRequest, SegmentReader } from '../segment/index.js'
import { parseTimestamp } from './arguments.js'
import { UsageError } from './failure.js'
import { toStdout } from './output.js'
import { type RowsDone, withRows } from './progress-bar.js'
import {
  addSegmentOptions,
  findSegment,
  type SegmentOptions,
  type SegmentTarget,
  schemaOf,
  targetTree,
} from './segment-target.js'
import { filterOf, whereOption } from './where.js'

interface SegmentExportOptions extends SegmentOptions {
  for: 'milvus-import'
  form: 'backup' | 'bulk'
  out: string
  prefix?: string
  collectionName?: string
  partitionName?: string
  dbName?: string
  timeout?: string
  readTs?: bigint
  where?: string
}

export function segmentExportCommand(signal: AbortSignal): Command {
  const command = new Command('export').description(
    'write what another program takes, and print the request that imports it',
  )
  return addSegmentOptions(command)
    .addOption(
      new Option('--for <program>', 'who takes it')
        .choices(['milvus-import'])
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--form <form>', 'the logs as a backup has them, or rows as Parquet')
        .choices(['backup', 'bulk'])
        .default('backup'),
    )
    .requiredOption('--out <dir>', 'stands for the bucket that Milvus reads from')
    .option('--prefix <key>', 'folder in the bucket (default: export/<segment>)')
    .option(
      '--collection-name <name>',
      'the collection to import into (default: as the schema says)',
    )
    .option('--partition-name <name>', 'the partition to import into (default: the default one)')
    .option('--db-name <name>', 'the database of the collection')
    .option('--timeout <time>', 'of the import job: 300s, 1.5h')
    .option(
      '--read-ts <ts>',
      'leave out what is younger: a hybrid timestamp or a time',
      parseTimestamp,
    )
    .addOption(whereOption())
    .action(async (id: bigint, _, command: Command) => {
      const options = command.optsWithGlobals<SegmentExportOptions>()
      const target = await findSegment(id, options, signal)
      const request = await withRows('', (onProgress) =>
        exportSegment(target, options, { signal, onProgress }),
      )
      await toStdout([`${JSON.stringify(request, null, 2)}\n`])
    })
}

/** What an export is run with. */
interface ExportContext {
  signal: AbortSignal
  onProgress: (done: RowsDone) => void
}

async function exportSegment(
  target: SegmentTarget,
  options: SegmentExportOptions,
  { signal, onProgress }: ExportContext,
): Promise<MilvusImportRequest> {
  const { chunkManager, segment } = target
  const { partitionName, dbName, timeout, readTs } = options
  const common = {
    prefix: options.prefix ?? `export/${segment.segmentId}`,
    signal,
    ...(partitionName === undefined ? {} : { partitionName }),
    ...(dbName === undefined ? {} : { dbName }),
    ...(timeout === undefined ? {} : { timeout }),
  }
  const filter = filterOf(options)
  if (options.form === 'backup') {
    if (filter.filter !== undefined) {
      throw new UsageError('Expected --form bulk for --where: a backup has the logs as they are')
    }
    return exportForMilvusImport({
      ...common,
      form: 'backup',
      collectionName: nameOf(options, segment.schema),
      segments: [{ ...segment, deltalogs: [...segment.deltalogs, ...segment.l0Deltalogs] }],
      source: chunkManager,
      target: await targetTree(options.out, options),
      ...(readTs === undefined ? {} : { endTimestamp: readTs }),
    })
  }
  const schema = await schemaOf(target, options)
  const reader = await SegmentReader.open({
    schema,
    chunkManager,
    binlogs: segment.binlogs,
    manifestPath: segment.manifestPath ?? '',
    deltalogs: segment.deltalogs,
    l0Deltalogs: segment.l0Deltalogs,
    signal,
    ...(readTs === undefined ? {} : { readTimestamp: readTs }),
    ...filter,
  })
  try {
    return await exportForMilvusImport({
      ...common,
      form: 'bulk',
      collectionName: nameOf(options, schema),
      schema,
      records: recordsOf(reader, (rows) => onProgress({ rows, totalRows: segment.numRows })),
      target: await targetTree(options.out, options),
    })
  } finally {
    await reader.close()
  }
}

/** The request names the collection; files of a segment do not. */
function nameOf(
  { collectionName }: SegmentExportOptions,
  schema: CollectionSchema | undefined,
): string {
  const name = collectionName ?? schema?.name ?? ''
  if (name !== '') return name
  throw new UsageError('Expected --collection-name <name> but neither it nor a schema says it')
}

async function* recordsOf(
  batches: AsyncIterable<RecordBatch>,
  onRows: (rows: number) => void,
): AsyncGenerator<ArrowRecord> {
  let rows = 0
  for await (const batch of batches) {
    yield new SimpleArrowRecord(batch)
    rows += batch.numRows
    onRows(rows)
  }
}
