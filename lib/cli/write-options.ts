import { Field, Schema } from 'apache-arrow'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { INPUT_FORMATS, type InputFormat } from '../ingest/index.js'
import {
  type AutoCompression,
  CODECS,
  COLUMN_ENCODINGS,
  type CodecName,
  type ColumnEncoding,
  type ColumnWriteOptions,
  type Compression,
  LAYOUTS,
  type Layout,
  type PackedWriterOptions,
  type TuneLevel,
  type WriterProgress,
} from '../packed/index.js'
import { COLUMN_GROUP_POLICIES, type ColumnGroupPolicy, FIELD_ID_KEY } from '../schema/index.js'
import { parseBytes, parseCount, parseLevel, splitPairs } from './arguments.js'
import { UsageError } from './failure.js'
import type { IfExists } from './output.js'
import { isRemote, type Place } from './place.js'
import type { StorageOptions } from './storage-source.js'

/** What the options of {@link addWriteOptions} become. */
export interface WriteOptions extends StorageOptions {
  out: string
  format?: InputFormat
  groups?: ColumnGroupPolicy
  group?: { id: number; fields: string[] }[]
  types?: [name: string, type: string][]
  fieldIds: 'auto' | [name: string, id: string][]
  layout?: Layout
  codec?: CodecName
  level?: TuneLevel
  column?: Record<string, ColumnWriteOptions>
  rowGroupBytes?: number
  ifExists: IfExists
  json: boolean
}

export function addWriteOptions(command: Command): Command {
  const choice = (flags: string, text: string, choices: readonly string[]): Option =>
    new Option(flags, text).choices(choices)
  return command
    .requiredOption('--out <dir>', 'folder of the column-group files, named by group id')
    .addOption(
      choice('--format <format>', 'of every input (default: its extension)', INPUT_FORMATS),
    )
    .addOption(
      choice(
        '--groups <policy>',
        'how columns are spread over files (default: milvus)',
        COLUMN_GROUP_POLICIES,
      ).conflicts('group'),
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
      choice('--layout <layout>', 'encodings, levels, row groups (default: milvus)', LAYOUTS),
    )
    .addOption(choice('--codec <codec>', 'of all columns; not of vectors in layout milvus', CODECS))
    .option('--level <n>', 'of the codec; of zstd also auto: by the kind of column', parseLevel)
    .option(
      '--column <name=codec:level:encoding>',
      'of one column, parts may be left empty; once per column',
      addColumn,
    )
    .option('--row-group-bytes <bytes>', 'Arrow bytes at which a row group is cut', parseBytes)
    .addOption(
      choice('--if-exists <what>', 'when a file exists', ['error', 'replace']).default('error'),
    )
    .option('--json', 'print the result as JSON', false)
}

function addGroup(text: string, before: WriteOptions['group'] = []): WriteOptions['group'] {
  const [, id, fields] = /^(\d{1,10}):(.+)$/.exec(text) ?? []
  if (fields !== undefined) return [...before, { id: Number(id), fields: fields.split(',') }]
  throw new UsageError(`Expected id:field,field for --group but received "${text}"`)
}

function fieldIdsOf(text: string): WriteOptions['fieldIds'] {
  return text === 'auto' ? 'auto' : splitPairs(text)
}

/** `title=zstd:9:dictionary`, split at the last sign: a name may hold one. */
function addColumn(
  text: string,
  before: Record<string, ColumnWriteOptions> = {},
): Record<string, ColumnWriteOptions> {
  const [, name, choices] = /^(.+)=([^=]+)$/s.exec(text) ?? []
  const [codec = '', level = '', encoding = '', ...others] = choices?.split(':') ?? []
  if (name === undefined || others.length > 0 || `${codec}${level}${encoding}` === '') {
    throw new InvalidArgumentError(`Expected name=codec:level:encoding but received "${text}"`)
  }
  if (level !== '' && codec === '') {
    throw new InvalidArgumentError(`Expected a codec for the level in "${text}" but received none`)
  }
  const options: ColumnWriteOptions = {
    ...(codec === '' ? {} : { codec: oneOf(codec, CODECS) as CodecName }),
    ...(level === '' ? {} : { level: parseCount(level) }),
    ...(encoding === '' ? {} : { encoding: oneOf(encoding, COLUMN_ENCODINGS) as ColumnEncoding }),
  }
  return { ...before, [name]: options }
}

function oneOf(text: string, known: readonly string[]): string {
  if (known.includes(text)) return text
  throw new InvalidArgumentError(`Expected one of ${known.join(', ')} but received "${text}"`)
}

/** The options with their `out` found. */
export type WriterInput = Omit<WriteOptions, 'out'> & {
  out: Place
  signal: AbortSignal
  onProgress: (progress: WriterProgress) => void
}

/** The options of the writer. @throws UsageError. */
export function writerOptions(schema: Schema, options: WriterInput): PackedWriterOptions {
  const { out, group, layout, codec, level, column, rowGroupBytes } = options
  const folder = folderOf(out)
  if (level !== undefined && codec === undefined) {
    throw new UsageError('Expected --codec with --level but received none')
  }
  expectColumns(schema, column)
  return {
    schema: options.fieldIds === 'auto' ? schema : withFieldIds(schema, options.fieldIds),
    fieldIds: 'auto',
    ifExists: options.ifExists,
    storage: out.storage,
    signal: options.signal,
    onProgress: options.onProgress,
    ...(group === undefined
      ? { groups: options.groups ?? 'milvus', directory: folder }
      : { groups: group.map((spec) => ({ ...spec, path: `${folder}/${spec.id}` })) }),
    ...(layout === undefined ? {} : { layout }),
    ...(codec === undefined ? {} : { compression: compressionOf(codec, level) }),
    ...(column === undefined ? {} : { columns: column }),
    ...(rowGroupBytes === undefined ? {} : { rowGroupBytes }),
  }
}

function expectColumns({ fields }: Schema, column: WriteOptions['column'] = {}): void {
  const names = fields.map(({ name }) => name)
  const stranger = Object.keys(column).find((name) => !names.includes(name))
  if (stranger === undefined) return
  throw new UsageError(
    `Expected a column of the input (${names.join(', ')}) for --column but received "${stranger}"`,
  )
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
