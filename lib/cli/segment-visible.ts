import type { Command } from 'commander'
import type { SegmentReaderOptions } from '../segment/index.js'
import { parseTimestamp } from './arguments.js'
import { columnOf, type PrintOptions } from './print-rows.js'
import type { SegmentOptions, SegmentTarget } from './segment-target.js'

/** What the options of {@link addVisibleOptions} become, beside those that they need. */
export interface VisibleOptions extends SegmentOptions, Pick<PrintOptions, 'columns'> {
  readTs?: bigint
  systemFields: boolean
  deletes: boolean
}

/** The options of the verbs that print rows of a segment: which of them are there. */
export function addVisibleOptions(command: Command): Command {
  return command
    .option(
      '--read-ts <ts>',
      'leave out what is younger: a hybrid timestamp or a time',
      parseTimestamp,
    )
    .option('--system-fields', 'RowID and Timestamp, too', false)
    .option('--no-deletes', 'print deleted rows as well')
}

/** What a reader of the segment is opened with, the schema and how it reads aside. */
export function readerOptionsOf(
  { chunkManager, segment }: SegmentTarget,
  { deletes, systemFields, readTs, columns }: VisibleOptions,
): Omit<SegmentReaderOptions, 'schema'> {
  const { binlogs, statslogs, deltalogs, l0Deltalogs, manifestPath = '' } = segment
  return {
    ...{ binlogs, statslogs, manifestPath, manifestDeletes: deletes, chunkManager, systemFields },
    ...(deletes ? { deltalogs, l0Deltalogs } : {}),
    ...(readTs === undefined ? {} : { readTimestamp: readTs }),
    ...(columns === undefined ? {} : { columns: columns.map(columnOf) }),
  }
}
