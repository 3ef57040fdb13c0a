import { Field, type RecordBatch, Schema } from 'apache-arrow'
import { Command, Option } from 'commander'
import { storageUri, stringifyExact } from '../config/index.js'
import {
  type ColumnType,
  INPUT_FORMATS,
  type Input,
  type InputFormat,
  type InputOptions,
  inputFormat,
  openInput,
  parseColumnType,
  STDIN,
} from '../ingest/index.js'
import {
  type AutoCompression,
  CODECS,
  type CodecName,
  type Compression,
  LAYOUTS,
  type Layout,
  type PackedWriteResult,
  PackedWriter,
  type PackedWriterOptions,
  type TuneLevel,
} from '../packed/index.js'
import { COLUMN_GROUP_POLICIES, type ColumnGroupPolicy, FIELD_ID_KEY } from '../schema/index.js'
import { parseCount, parseLevel, splitPairs } from './arguments.js'
import { asUsage, UsageError } from './failure.js'
import { type IfExists, toStdout } from './output.js'
import { isRemote, type Place, placeOf } from './place.js'
import { type StorageOptions, StorageSource } from './storage-source.js'
import { formatCount, formatRatio, formatSaving, formatTable } from './table.js'

interface WriteOptions extends StorageOptions {
  out: string
  format?: InputFormat
  groups?: ColumnGroupPolicy
  group?: { id: number; fields: string[] }[]
  types?: [name: string, type: string][]
  fieldIds: 'auto' | [name: string, id: string][]
  layout?: Layout
  codec?: CodecName
  level?: TuneLevel
  rowGroupBytes?: number
  ifExists: IfExists
  json: boolean
}

/** One input, and where it is. */
interface InputFile {
  place: Place
  format: InputFormat
}

export function writeCommand(signal: AbortSignal): Command {
  return new Command('write')
    .description('write the rows of files, one after the other, into column-group files')
    .argument('<input...>', 'Arrow IPC, Parquet, NDJSON, CSV or TSV; - is standard input')
    .requiredOption('--out <dir>', 'folder of the column-group files, named by group id')
    .addOption(
      new Option('--format <format>', 'of every input; by default the extension').choices(
        INPUT_FORMATS,
      ),
    )
    .addOption(
      new Option('--groups <policy>', 'how columns are spread over files (default: milvus)')
        .choices(COLUMN_GROUP_POLICIES)
        .conflicts('group'),
    )
    .option('--group <id:a,b>', 'one file by its columns; once per file', addGroup)
    .option('--types <name:type,...>', 'types of NDJSON and CSV columns', splitPairs)
    .option(
      '--field-ids <auto|name:id,...>',
      'field ids where the input has none',
      fieldIdsOf,
      'auto',
    )
    .addOption(
      new Option('--layout <layout>', 'encodings, levels, row groups (default: milvus)').choices(
        LAYOUTS,
      ),
    )
    .addOption(
      new Option('--codec <codec>', 'of all columns; not of vectors in layout milvus').choices(
        CODECS,
      ),
    )
    .option('--level <n>', 'of the codec; of zstd also auto: by the kind of column', parseLevel)
    .option('--row-group-bytes <n>', 'Arrow bytes at which a row group is cut', parseCount)
    .addOption(
      new Option('--if-exists <what>', 'when a file exists')
        .choices(['error', 'replace'])
        .default('error'),
    )
    .option('--json', 'print the result as JSON', false)
    .action((inputs: string[], _, command: Command) =>
      write(inputs, command.optsWithGlobals<WriteOptions>(), signal),
    )
}

function addGroup(text: string, before: WriteOptions['group'] = []): WriteOptions['group'] {
  const [, id, fields] = /^(\d{1,10}):(.+)$/.exec(text) ?? []
  if (fields !== undefined) return [...before, { id: Number(id), fields: fields.split(',') }]
  throw new UsageError(`Expected id:field,field for --group but received "${text}"`)
}

function fieldIdsOf(text: string): WriteOptions['fieldIds'] {
  return text === 'auto' ? 'auto' : splitPairs(text)
}

async function write(paths: string[], options: WriteOptions, signal: AbortSignal): Promise<void> {
  const formats = paths.map((path) => formatOf(path, options.format))
  const types = typesOf(options.types, formats)
  const source = new StorageSource(options)
  const out = await placeOf(options.out, source, 'storage')
  const files: InputFile[] = []
  for (const [index, path] of paths.entries()) {
    files.push({ place: await placeOf(path, source, 'local'), format: formats[index]! })
  }
  const first = await openInput(files[0]!.place, files[0]!.format, { types, signal })
  try {
    const writer = await PackedWriter.open(writerOptions(first.schema, { ...options, out, signal }))
    try {
      // What follows is read with the types that the first file got.
      await writer.writeAll(batchesOf(first, files.slice(1), { types: first.types, signal }))
      await toStdout([report(named(await writer.finish(), out), options.json)])
    } finally {
      await writer.close()
    }
  } finally {
    await first.close()
  }
}

function formatOf(path: string, chosen: InputFormat | undefined): InputFormat {
  const format = asUsage(() => inputFormat(path, chosen))
  if (format !== 'parquet' || path !== STDIN) return format
  throw new UsageError('Expected a file for Parquet but received -')
}

function typesOf(
  pairs: WriteOptions['types'],
  formats: readonly InputFormat[],
): Map<string, ColumnType> {
  if (pairs === undefined) return new Map()
  const typed = formats.find((format) => format === 'arrow' || format === 'parquet')
  if (typed !== undefined) {
    throw new UsageError(`Expected no --types for ${typed}, which has types of its own`)
  }
  return new Map(pairs.map(([name, type]) => [name, asUsage(() => parseColumnType(type))]))
}

async function* batchesOf(
  first: Input,
  others: readonly InputFile[],
  options: InputOptions,
): AsyncGenerator<RecordBatch> {
  yield* recordBatches(first)
  for (const { place, format } of others) {
    const input = await openInput(place, format, options)
    try {
      yield* recordBatches(input)
    } finally {
      await input.close()
    }
  }
}

/** The writer keeps nothing of a batch that it has taken. */
async function* recordBatches({ batches }: Input): AsyncGenerator<RecordBatch> {
  for await (const { batch, release } of batches) {
    yield batch
    release()
  }
}

/** The options with their `out` found. */
type WriterInput = Omit<WriteOptions, 'out'> & { out: Place; signal: AbortSignal }

function writerOptions(schema: Schema, options: WriterInput): PackedWriterOptions {
  const { out, group, layout, codec, level, rowGroupBytes, signal } = options
  const folder = folderOf(out)
  if (level !== undefined && codec === undefined) {
    throw new UsageError('Expected --codec with --level but received none')
  }
  return {
    schema: options.fieldIds === 'auto' ? schema : withFieldIds(schema, options.fieldIds),
    fieldIds: 'auto',
    ifExists: options.ifExists,
    storage: out.storage,
    signal,
    ...(group === undefined
      ? { groups: options.groups ?? 'milvus', directory: folder }
      : { groups: group.map((spec) => ({ ...spec, path: `${folder}/${spec.id}` })) }),
    ...(layout === undefined ? {} : { layout }),
    ...(codec === undefined ? {} : { compression: compressionOf(codec, level) }),
    ...(rowGroupBytes === undefined ? {} : { rowGroupBytes }),
  }
}

/** What `packed tune` recommends, as a program says it. */
function compressionOf(
  codec: CodecName,
  level: TuneLevel | undefined,
): Compression | AutoCompression {
  if (level !== 'auto') return level === undefined ? { codec } : { codec, level }
  if (codec === 'zstd') return { codec, level }
  throw new UsageError(`Expected --codec zstd with --level auto but received ${codec}`)
}

/** A folder of keys needs a name: without one, its files would start with a slash. */
function folderOf(out: Place): string {
  if (!isRemote(out)) return out.path
  const folder = out.path.replace(/\/$/, '')
  if (folder !== '') return folder
  throw new UsageError(`Expected a folder in the bucket for --out but received "${out.text}"`)
}

/** Paths in a bucket as URIs, which every verb takes. */
function named({ groups, ...result }: PackedWriteResult, out: Place): PackedWriteResult {
  return {
    ...result,
    groups: groups.map((group) => ({ ...group, path: storageUri(out.storage, group.path) })),
  }
}

/** The ids of `pairs` in place of those that the input has. */
function withFieldIds(schema: Schema, pairs: readonly (readonly [string, string])[]): Schema {
  const ids = new Map(pairs)
  const fields = schema.fields.map((field) => {
    const id = ids.get(field.name)
    ids.delete(field.name)
    if (id === undefined) return field
    const metadata = new Map(field.metadata).set(FIELD_ID_KEY, id)
    return new Field(field.name, field.type, field.nullable, metadata)
  })
  const [stranger] = ids.keys()
  if (stranger === undefined) return new Schema(fields, schema.metadata)
  throw new UsageError(`Expected a column of the input for --field-ids but received "${stranger}"`)
}

function report(result: PackedWriteResult, json: boolean): string {
  if (json) return `${stringifyExact(result, 2)}\n`
  const rows = result.groups.map((group) => [
    String(group.id),
    group.path,
    formatCount(group.rows),
    formatCount(group.rowGroups),
    formatCount(group.uncompressedBytes),
    formatCount(group.fileBytes),
    formatRatio(group.uncompressedBytes, group.fileBytes),
    formatSaving(group.uncompressedBytes, group.fileBytes),
  ])
  const number = (title: string) => ({ title, align: 'right' as const })
  const sizes = ['Arrow bytes', 'file bytes', 'file/Arrow', 'saving']
  const titles = ['rows', 'row groups', ...sizes].map(number)
  return formatTable([number('group'), { title: 'path' }, ...titles], rows)
}
