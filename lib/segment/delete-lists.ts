import { type Binlog, type FieldBinlog, readDeleteLog } from '../binlog/index.js'
import { DeleteData } from '../data/index.js'
import { PackedError } from '../errors/index.js'
import type { VisibilityFilter } from '../packed/index.js'
import { DataType, type FieldSchema } from '../schema/index.js'
import { readAhead } from '../storage/index.js'
import type { SegmentReaderSettings } from './segment-reader-options.js'

/** Logs that are read while one is added. */
const MOST_READS = 4

/**
 * Add the deletes of all logs to a filter, one log at a time.
 *
 * @throws PackedError TypeMismatch for keys of another type than the primary key's, naming the
 *   log; InvalidArgument for a log without a path, which has no place of its own; what
 *   `readDeleteLog` throws.
 */
export async function addDeletes(
  filter: VisibilityFilter,
  lists: readonly FieldBinlog[],
  primaryKey: FieldSchema,
  settings: SegmentReaderSettings,
): Promise<void> {
  const { chunkManager, decryptor, deletesUpTo, signal } = settings
  const { keyRetriever } = settings.passedOn
  const isText = primaryKey.dataType !== DataType.Int64
  const logs = lists.flatMap(({ binlogs }) => binlogs)
  const read = async ({ logPath, logId }: Binlog): Promise<DeleteData> => {
    if (logPath !== '') {
      return readDeleteLog(chunkManager, logPath, { decryptor, keyRetriever, signal })
    }
    const message = `Expected a logPath for delete log ${logId} but received none`
    throw new PackedError('InvalidArgument', message)
  }
  for await (const { item, result } of readAhead(logs, MOST_READS, read)) {
    const { logPath } = item
    const { keys, timestamps } = upTo(deletesUpTo, await result)
    if (keys.length === 0) continue
    if (isText !== Array.isArray(keys)) {
      throw new PackedError(
        'TypeMismatch',
        `Expected keys of the type of "${primaryKey.name}" in the delete log ${logPath} but ` +
          `received ${isText ? 'integers' : 'text'}`,
        { path: logPath, field: primaryKey.name },
      )
    }
    await filter.addDeletes(keys, timestamps)
  }
}

/** The deletes up to a timestamp. */
function upTo(
  bound: bigint | undefined,
  deletes: DeleteData,
): Pick<DeleteData, 'keys' | 'timestamps'> {
  if (bound === undefined || deletes.timestamps.every((timestamp) => timestamp <= bound)) {
    return deletes
  }
  const kept = new DeleteData()
  deletes.timestamps.forEach((timestamp, index) => {
    if (timestamp <= bound) kept.append(deletes.keys[index]!, timestamp)
  })
  return kept
}
