import type { Binlog } from '../binlog/index.js'
import { PackedError } from '../errors/index.js'
import { inspectFile, type PackedFileInfo } from '../packed/index.js'
import { fieldIdOf } from '../schema/index.js'
import { bareBinlog } from './bare-binlog.js'
import { type FoundLog, type SegmentTree, storageOf } from './segment-keys.js'
import { describeV1Log } from './v1-log.js'

/** One insert log, and the column group that it is a file of. */
export interface DescribedLog {
  readonly binlog: Binlog
  /** Empty for a StorageV1 binlog. */
  readonly childFields: readonly bigint[]
}

/** What an insert log is by its first bytes. */
export type LogFormat = 'v1' | 'parquet'

const MAGIC_BYTES = 4
const MAGICS: Readonly<Record<string, LogFormat>> = {
  bcfaff00: 'v1',
  [Buffer.from('PAR1').toString('hex')]: 'parquet',
  [Buffer.from('PARE').toString('hex')]: 'parquet',
}

/**
 * Tell StorageV1 binlogs from Parquet files.
 *
 * @throws PackedError FileCorrupted naming the file and its first bytes.
 */
export async function formatOfLog(tree: SegmentTree, log: FoundLog): Promise<LogFormat> {
  const length = Math.min(log.sizeBytes, MAGIC_BYTES)
  const start = await tree.chunkManager.readAt(log.path, 0, length, { signal: tree.signal })
  const hex = Buffer.from(start).toString('hex')
  const format = MAGICS[hex]
  if (format !== undefined) return format
  throw new PackedError(
    'FileCorrupted',
    `Expected a binlog (bcfaff00) or Parquet (PAR1) for ${log.path} but received the bytes ` +
      `"${hex}"`,
    { path: log.path },
  )
}

/** Facts of an insert log as the file itself has them. */
export async function describeInsertLog(tree: SegmentTree, log: FoundLog): Promise<DescribedLog> {
  if ((await formatOfLog(tree, log)) === 'v1') {
    return { binlog: await describeV1Log(tree, log), childFields: [] }
  }
  const { chunkManager, keyRetriever } = tree
  const info = await inspectFile(log.path, {
    storage: storageOf(chunkManager),
    ...(keyRetriever === undefined ? {} : { keyRetriever }),
  })
  const binlog = {
    ...bareBinlog(log),
    entriesNum: info.rows,
    memorySize: info.rowGroups.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
    fieldNullCounts: nullCountsOf(info),
  }
  return { binlog, childFields: fieldsOf(info) }
}

/** Ids of the columns of a file, in file order. */
export function fieldsOf({ schema, path }: Pick<PackedFileInfo, 'schema' | 'path'>): bigint[] {
  return schema.fields.map((field) => {
    const id = fieldIdOf(field)
    if (id !== undefined) return id
    const message = `Expected a Parquet field id for column "${field.name}" but received none`
    throw new PackedError('MetadataCorrupted', `${path}: ${message}`, { path, field: field.name })
  })
}

/** Nulls of the flat columns whose every chunk has statistics. */
export function nullCountsOf({ schema, chunks }: PackedFileInfo): Map<bigint, number> {
  const counts = new Map<bigint, number>()
  for (const field of schema.fields) {
    const id = fieldIdOf(field)
    const own = chunks.filter(({ column }) => column === field.name)
    const known = own.length > 0 && own.every(({ nullCount }) => nullCount !== null)
    if (id === undefined || !known) continue
    counts.set(
      id,
      own.reduce((sum, { nullCount }) => sum + (nullCount ?? 0), 0),
    )
  }
  return counts
}
