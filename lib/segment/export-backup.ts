import { pipeline } from 'node:stream/promises'
import {
  buildDeltaLogPath,
  buildInsertLogPath,
  checkAligned,
  type FieldBinlog,
  pathOfLog,
  type SegmentLocation,
  sortedByField,
} from '../binlog/index.js'
import { expectId, expectObject, expectOptions, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { type ChunkManager, mapBounded } from '../storage/index.js'
import {
  IMPORT_TARGET,
  type ImportTarget,
  importRequest,
  type MilvusImportRequest,
} from './export-request.js'
import { takingBack } from './take-back.js'

/** A segment as its metadata has it. */
export interface SegmentToExport extends Omit<SegmentLocation, 'root'> {
  /** Where logs without a path are, with the folder `insert_log` below. */
  root?: string
  /** 0 for StorageV1, 2 for StorageV2; a job takes segments of one version. */
  storageVersion: number
  binlogs: readonly FieldBinlog[]
  /**
   * Its own delete logs, and those of L0 segments that concern it: the import applies what lies in
   * the folder of the segment.
   */
  deltalogs?: readonly FieldBinlog[]
}

/** Options of an export in the form that a backup has. */
export interface BackupExportOptions extends ImportTarget {
  /** The files as they are, below a root of their own. */
  form: 'backup'
  /** At least one, of one collection. */
  segments: readonly SegmentToExport[]
  /** Where the logs are. */
  source: ChunkManager
  /** Where they go; `source` if absent. */
  target?: ChunkManager
  /** Key prefix of the export; nothing of Milvus's own folders. */
  prefix: string
  /** Rows and deletes outside this range of hybrid timestamps are left out by the import. */
  startTimestamp?: bigint | number
  /** Hybrid timestamp: later rows are not imported. */
  endTimestamp?: bigint | number
  /** Ask Milvus not to check the disk quota. */
  skipDiskQuotaCheck?: boolean
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

/**
 * Copy the logs of segments into folders that Milvus's import takes in backup mode:
 * `{prefix}/insert_log/{collection}/{partition}/{segment}/{group}/{log}` and
 * `{prefix}/delta_log/{collection}/{partition}/{segment}/{log}`.
 *
 * The import orders the logs of a group by name, as text, and takes the j-th of every group for
 * one chunk: where the ids do not sort that way, logs are renamed to their number in the list.
 *
 * @throws PackedError AlreadyExists, NotFound, StorageIO and others, naming the object; then no copy
 *   is left.
 */
export async function exportBackup(options: BackupExportOptions): Promise<MilvusImportRequest> {
  const { source, target = source } = expectOptions(options, OPTIONS, 'exportForMilvusImport')
  expectObject(source, 'source')
  if (!Array.isArray(options.segments)) {
    throw unexpected('an array of segments', 'segments', options.segments)
  }
  return takingBack(target, (note) => copyLogs({ ...options, target, note }))
}

const OPTIONS = [
  ...IMPORT_TARGET,
  'form',
  'segments',
  'source',
  'target',
  'prefix',
  'startTimestamp',
  'endTimestamp',
  'skipDiskQuotaCheck',
  'signal',
] as const

/** Objects that are copied at a time. */
const MOST_COPIES = 8

/** A copy in progress: where it goes, and who keeps account of what is there. */
interface BackupCopy extends BackupExportOptions {
  target: ChunkManager
  note: (key: string) => void
}

async function copyLogs(options: BackupCopy): Promise<MilvusImportRequest> {
  const { segments } = options
  const version = commonVersion(segments)
  const partitions = new Map<string, { insert: string; delta: string; deletes: boolean }>()
  for (const segment of segments) {
    const deletes = (segment.deltalogs ?? []).some(({ binlogs }) => binlogs.length > 0)
    const folder = `${segment.collectionId}/${segment.partitionId}/`
    const known = partitions.get(folder)
    partitions.set(folder, {
      insert: `${options.prefix}/insert_log/${folder}`,
      delta: `${options.prefix}/delta_log/${folder}`,
      deletes: deletes || known?.deletes === true,
    })
    await copyInserts(segment, options)
    await copyDeletes(segment, options)
  }
  const files = [...partitions.values()].map(({ insert, delta, deletes }) =>
    deletes ? [insert, delta] : [insert],
  )
  return importRequest(options, files, jobOptions(options, version))
}

function jobOptions(options: BackupExportOptions, version: number): Record<string, string> {
  const { startTimestamp, endTimestamp, skipDiskQuotaCheck } = options
  const time = (key: string, value: bigint | number | undefined) =>
    value === undefined ? {} : { [key]: String(expectId(value, key)) }
  return {
    backup: 'true',
    ...(version === 2 ? { storage_version: '2' } : {}),
    ...time('start_ts', startTimestamp),
    ...time('end_ts', endTimestamp),
    ...(skipDiskQuotaCheck === true ? { skip_disk_quota_check: 'true' } : {}),
  }
}

function commonVersion(segments: readonly SegmentToExport[]): number {
  const versions = [...new Set(segments.map(({ storageVersion }) => storageVersion))]
  const [version] = versions
  if (versions.length === 1 && (version === 0 || version === 2)) return version
  throw new PackedError(
    'InvalidArgument',
    `Expected segments of storage version 0 or of version 2 for one import job but received ` +
      `${versions.length === 0 ? 'none' : versions.join(' and ')}`,
  )
}

async function copyInserts(segment: SegmentToExport, options: BackupCopy): Promise<void> {
  const groups = sortedByField(segment.binlogs)
  checkAligned(groups)
  for (const group of groups) {
    const paths = group.binlogs.map((log) => pathOfLog(group, log, locationOf(segment)))
    const names = logNames(paths)
    await mapBounded(paths.entries(), MOST_COPIES, async ([index, path]) => {
      const { collectionId, partitionId, segmentId } = segment
      const ids = [collectionId, partitionId, segmentId, group.fieldId] as const
      await copy(path, buildInsertLogPath(options.prefix, ...ids, names[index]!), options)
    })
  }
}

async function copyDeletes(segment: SegmentToExport, options: BackupCopy): Promise<void> {
  const location = locationOf(segment)
  const paths = (segment.deltalogs ?? []).flatMap((deletes) =>
    deletes.binlogs.map((log) => {
      if (log.logPath !== '' || location === undefined) return pathOfLog(deletes, log, location)
      const { root, collectionId, partitionId, segmentId } = location
      return buildDeltaLogPath(root, collectionId, partitionId, segmentId, log.logId)
    }),
  )
  const names = logNames(paths)
  await mapBounded(paths.entries(), MOST_COPIES, async ([index, path]) => {
    const { collectionId, partitionId, segmentId } = segment
    const ids = [collectionId, partitionId, segmentId] as const
    await copy(path, buildDeltaLogPath(options.prefix, ...ids, names[index]!), options)
  })
}

function locationOf(segment: SegmentToExport): SegmentLocation | undefined {
  const { root, collectionId, partitionId, segmentId, layout } = segment
  if (root === undefined) return undefined
  return { root, collectionId, partitionId, segmentId, ...(layout === undefined ? {} : { layout }) }
}

/** Ids whose text sorts in the order of the list: those of the paths, or numbers of one length. */
function logNames(paths: readonly string[]): bigint[] {
  const names = paths.map((path) => path.slice(path.lastIndexOf('/') + 1))
  const sorted = names.every((name, index) => {
    const before = names[index - 1]
    return /^\d{1,18}$/.test(name) && (before === undefined || before < name)
  })
  if (sorted) return names.map(BigInt)
  const first = 10n ** BigInt(String(paths.length).length)
  return paths.map((_, index) => first + BigInt(index))
}

/** Within one place its store copies; between two the object streams through, never whole. */
async function copy(from: string, to: string, options: BackupCopy): Promise<void> {
  const { source, target, signal, note } = options
  if (await target.exist(to, { signal })) {
    const message = `Expected no object at "${to}" but received one that exists`
    throw new PackedError('AlreadyExists', message, { path: to })
  }
  if (source === target) await source.copy(from, to, { signal })
  else await pipeline(source.readStream(from, { signal }), target.writeStream(to, { signal }))
  note(to)
}
