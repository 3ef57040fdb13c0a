import { type FieldBinlog, readDeleteLog } from '../binlog/index.js'
import { PackedError } from '../errors/index.js'
import type { VisibilityFilter } from '../packed/index.js'
import { DataType, type FieldSchema } from '../schema/index.js'
import type { SegmentReaderSettings } from './segment-reader-options.js'

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
  { chunkManager, decryptor, signal, passedOn: { keyRetriever } }: SegmentReaderSettings,
): Promise<void> {
  const isText = primaryKey.dataType !== DataType.Int64
  for (const { logPath, logId } of lists.flatMap(({ binlogs }) => binlogs)) {
    if (logPath === '') {
      const message = `Expected a logPath for delete log ${logId} but received none`
      throw new PackedError('InvalidArgument', message)
    }
    const { keys, timestamps } = await readDeleteLog(chunkManager, logPath, {
      decryptor,
      keyRetriever,
      signal,
    })
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
