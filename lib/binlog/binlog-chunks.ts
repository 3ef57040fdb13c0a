import { unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { CollectionSchema } from '../schema/index.js'
import type { Binlog, FieldBinlog } from './field-binlog.js'
import type { Id, LogPathLayout } from './log-path.js'
import { buildInsertLogPath } from './paths.js'

/** Where the logs of a segment are; for logs that only have an id. */
export interface SegmentLocation {
  /** What stands before `insert_log`. */
  root: string
  collectionId: Id
  partitionId: Id
  segmentId: Id
  layout?: LogPathLayout
}

/** A copy in the order of the field or group ids. */
export function sortedByField(fieldBinlogs: readonly FieldBinlog[]): FieldBinlog[] {
  return [...fieldBinlogs].sort(({ fieldId: a }, { fieldId: b }) => (a < b ? -1 : a > b ? 1 : 0))
}

/** The key of a log: its path, or the one that its id gives. @throws PackedError InvalidArgument. */
export function pathOfLog(
  { fieldId }: FieldBinlog,
  log: Binlog,
  location: SegmentLocation | undefined,
): string {
  if (log.logPath !== '') return log.logPath
  if (location === undefined) {
    throw unexpected(
      `a logPath or a location (log ${log.logId} of ${fieldId})`,
      'location',
      location,
    )
  }
  const { root, collectionId, partitionId, segmentId, layout = 'milvus' } = location
  const { logId } = log
  return buildInsertLogPath(root, collectionId, partitionId, segmentId, fieldId, logId, { layout })
}

/**
 * Check that the j-th logs of all groups are one chunk of rows.
 *
 * @throws PackedError MetadataCorrupted naming the groups and their counts.
 */
export function checkAligned(groups: readonly FieldBinlog[]): void {
  const [first] = groups
  const repeated = groups.find(({ fieldId }, index) => groups[index - 1]?.fieldId === fieldId)
  if (repeated !== undefined) {
    throw corrupted(`Expected every group once but received group ${repeated.fieldId} twice`)
  }
  const counts = groups.map(({ fieldId, binlogs }) => `group ${fieldId}: ${binlogs.length}`)
  if (groups.some(({ binlogs }) => binlogs.length !== first?.binlogs.length)) {
    const message = `Expected equally many logs for every group but received ${counts.join(', ')}`
    throw corrupted(message)
  }
  first?.binlogs.forEach(({ entriesNum }, chunk) => {
    if (groups.every(({ binlogs }) => binlogs[chunk]?.entriesNum === entriesNum)) return
    const rows = groups.map(
      ({ fieldId, binlogs }) => `group ${fieldId}: ${binlogs[chunk]?.entriesNum}`,
    )
    const message = `Expected equally many rows in chunk ${chunk} but received ${rows.join(', ')}`
    throw corrupted(message)
  })
}

/** Field ids that the groups say they hold; undefined where one does not say it. */
export function childFieldsOf(groups: readonly FieldBinlog[]): ReadonlySet<bigint> | undefined {
  if (groups.some(({ childFields }) => childFields.length === 0)) return undefined
  return new Set(groups.flatMap(({ childFields }) => childFields))
}

/**
 * Check that a struct array has all of its columns or none.
 *
 * @throws PackedError MetadataCorrupted naming the struct array.
 */
export function checkStructArrays(schema: CollectionSchema, stored: ReadonlySet<bigint>): void {
  for (const { name, fields } of schema.structArrayFields) {
    const absent = fields.filter(({ fieldId }) => !stored.has(fieldId))
    if (absent.length === 0 || absent.length === fields.length) continue
    const names = absent.map((field) => `"${field.name}"`).join(', ')
    const message = `Expected all columns of the struct array "${name}" or none but ${names} is absent`
    throw corrupted(message, name)
  }
}

/** The groups that hold one of the fields; the first one where none does, for its row count. */
export function groupsHolding(
  groups: readonly FieldBinlog[],
  fieldIds: ReadonlySet<bigint>,
): readonly FieldBinlog[] {
  if (childFieldsOf(groups) === undefined) return groups
  const needed = groups.filter(({ childFields }) => childFields.some((id) => fieldIds.has(id)))
  return needed.length > 0 ? needed : groups.slice(0, 1)
}

function corrupted(message: string, field?: string): PackedError {
  return new PackedError('MetadataCorrupted', message, { field })
}
