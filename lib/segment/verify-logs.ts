import { type Binlog, type BinlogFile, type FieldBinlog, readBinlog } from '../binlog/index.js'
import { inspectFile, type PackedFileInfo } from '../packed/index.js'
import { readAhead } from '../storage/index.js'
import { fieldsOf } from './insert-log.js'
import type { SegmentPart } from './segment-parts.js'
import { MOST_READS, type VerifyContext } from './verify-context.js'
import type { ProblemList } from './verify-problem.js'

const GROUP_KEY = 'group_field_id_list'

/** Every log is there, with the size that its metadata has. @returns whether all are there. */
export async function verifySizes(
  lists: readonly FieldBinlog[],
  { chunkManager, logSize, signal }: VerifyContext,
  problems: ProblemList,
): Promise<boolean> {
  const logs = lists.flatMap(({ fieldId, binlogs }) => binlogs.map((log) => ({ fieldId, log })))
  const sizeOf = ({ log }: { log: Binlog }): Promise<number> =>
    chunkManager.size(log.logPath, { signal })
  for await (const { item, result } of readAhead(logs, MOST_READS, sizeOf)) {
    const { fieldId, log } = item
    const place = { path: log.logPath, field: fieldId }
    await problems.attempt('exists', place, signal, async () => {
      const size = await result
      const known = logSize === 'compressed' ? log.logSize : size
      // Milvus's StorageV2 delete logs are recorded without a size.
      if (known !== 0) problems.equal('logSize', place, known, size)
    })
  }
  return problems.problems.every(({ rule }) => rule !== 'exists')
}

/** The lists agree about how many chunks there are, and how many rows are in each. */
export function verifyChunks(
  { storageVersion, binlogs }: SegmentPart,
  problems: ProblemList,
): void {
  const longest = binlogs.reduce((left, right) =>
    right.binlogs.length > left.binlogs.length ? right : left,
  )
  const chunks = longest.binlogs.length
  for (const { fieldId, binlogs: logs } of binlogs) {
    // A StorageV1 field that was added later has no logs of the oldest chunks.
    if (storageVersion === 2) {
      problems.equal('logs', { field: fieldId }, chunks, logs.length)
    }
    logs.forEach((log, index) => {
      const other = longest.binlogs[index + chunks - logs.length]
      const place = { path: log.logPath, field: fieldId }
      // Metadata that came out of StorageV1 files does not say the rows of every field.
      const known = storageVersion === 2 || (other?.entriesNum !== 0 && log.entriesNum !== 0)
      if (other !== undefined && known) {
        problems.equal('entries', place, other.entriesNum, log.entriesNum)
      }
    })
  }
}

/** Footers of column groups: rows, and which fields the file, its keys and the metadata name. */
export async function verifyGroups(
  binlogs: readonly FieldBinlog[],
  context: VerifyContext,
  problems: ProblemList,
): Promise<void> {
  const owners = new Map<bigint, bigint>()
  const lists = new Map<string, string>()
  const found = new Set<string>()
  for (const { fieldId, childFields, binlogs: logs } of binlogs) {
    for (const id of childFields) {
      const owner = owners.get(id)
      if (owner !== undefined) {
        problems.add('childFields', { field: id }, `only group ${owner}`, `also group ${fieldId}`)
      }
      owners.set(id, fieldId)
    }
    const stored = new Set<bigint>()
    let readable = logs.length > 0
    const inspect = ({ logPath }: Binlog): Promise<PackedFileInfo> =>
      inspectFile(logPath, context.inspect)
    for await (const { item: log, result } of readAhead(logs, MOST_READS, inspect)) {
      const place = { path: log.logPath, field: fieldId }
      readable =
        (await problems.attempt('footer', place, context.signal, async () => {
          const info = await result
          for (const id of verifyGroupFile(info, log, childFields, problems)) stored.add(id)
          const list = info.metadata.get(GROUP_KEY)
          if (list !== undefined) lists.set(list, log.logPath)
        })) && readable
    }
    for (const id of [...stored, ...childFields]) found.add(String(id))
    for (const id of childFields) {
      if (!readable || stored.has(id)) continue
      const place = { path: logs.at(-1)?.logPath, field: id }
      problems.add('childFields', place, `a column of field ${id}`, [...stored].join())
    }
  }
  for (const [list, logPath] of lists) verifyNoneLost(list, { logPath, found }, problems)
}

/** Footers list the fields of every group of a segment: one that nobody has is lost. */
function verifyNoneLost(
  list: string,
  { logPath, found }: { logPath: string; found: ReadonlySet<string> },
  problems: ProblemList,
): void {
  // …/{segment}/{group}/{log}
  const folder = logPath.replace(/\/[^/]*\/[^/]*$/, '')
  for (const [group, fields] of list.split(';').entries()) {
    const ids = fields.split(',')
    if (ids.some((id) => found.has(id))) continue
    // A group of one field has its number.
    const path = ids.length === 1 ? `${folder}/${fields}` : folder
    problems.add('groupFieldIdList', { path }, `logs of column group ${group} (${fields})`, 'none')
  }
}

function verifyGroupFile(
  info: PackedFileInfo,
  { logPath, entriesNum }: Binlog,
  childFields: readonly bigint[],
  problems: ProblemList,
): bigint[] {
  const { metadata, group, rows } = info
  const columns = fieldsOf(info)
  problems.equal('entries', { path: logPath }, entriesNum, rows)
  const strangers = columns.filter((id) => childFields.length > 0 && !childFields.includes(id))
  for (const id of strangers) {
    problems.add('childFields', { path: logPath, field: id }, childFields.join(), columns.join())
  }
  const list = metadata.get(GROUP_KEY)
  if (list === undefined) return columns
  const named = list.split(';')[group]
  if (named !== columns.join()) {
    problems.add('groupFieldIdList', { path: logPath }, columns.join(), named ?? `none in ${list}`)
  }
  return columns
}

/** Descriptors of StorageV1 binlogs: which field of which segment they say they are. */
export async function verifyDescriptors(
  binlogs: readonly FieldBinlog[],
  context: VerifyContext,
  problems: ProblemList,
): Promise<void> {
  const { chunkManager, decryptor, segment, signal } = context
  const logs = binlogs.flatMap((list) => list.binlogs.map((log) => ({ ...log, ...list })))
  const read = ({ logPath }: Binlog): Promise<BinlogFile> =>
    readBinlog(chunkManager, logPath, { decryptor, signal })
  for await (const { item, result } of readAhead(logs, MOST_READS, read)) {
    const { logPath, fieldId } = item
    const place = { path: logPath, field: fieldId }
    await problems.attempt('descriptor', place, signal, async () => {
      const { descriptor } = await result
      problems.equal('descriptor.fieldId', place, fieldId, descriptor.fieldId)
      for (const name of ['collectionId', 'partitionId', 'segmentId'] as const) {
        problems.equal(`descriptor.${name}`, place, segment[name], descriptor[name])
      }
    })
  }
}
