import { Command } from 'commander'
import { SegmentReader } from '../segment/index.js'
import { parseTimestamp } from './arguments.js'
import { milvusCells } from './milvus-cells.js'
import {
  addPrintOptions,
  columnOf,
  outputFormatOf,
  type PrintOptions,
  printRows,
  readOptionsFor,
} from './print-rows.js'
import { addSegmentOptions, findSegment, type SegmentOptions, schemaOf } from './segment-target.js'
import { StorageSource } from './storage-source.js'
import { filterOf } from './where.js'

interface SegmentCatOptions extends PrintOptions, SegmentOptions {
  readTs?: bigint
  systemFields: boolean
  deletes: boolean
}

export function segmentCatCommand(signal: AbortSignal): Command {
  const command = new Command('cat').description('print the rows that are there at a timestamp')
  return addPrintOptions(addSegmentOptions(command), { what: 'vectors', fallback: 'by their type' })
    .option(
      '--read-ts <ts>',
      'leave out what is younger: a hybrid timestamp or a time',
      parseTimestamp,
    )
    .option('--system-fields', 'RowID and Timestamp, too', false)
    .option('--no-deletes', 'print deleted rows as well')
    .action((segment: bigint, _, command: Command) =>
      cat(segment, command.optsWithGlobals<SegmentCatOptions>(), signal),
    )
}

async function cat(id: bigint, options: SegmentCatOptions, signal: AbortSignal): Promise<void> {
  const format = outputFormatOf(options)
  const filter = filterOf(options)
  const target = await findSegment(id, options, signal)
  const { chunkManager, segment } = target
  const schema = await schemaOf(target, options)
  const reader = await SegmentReader.open({
    schema,
    binlogs: segment.binlogs,
    manifestPath: segment.manifestPath ?? '',
    manifestDeletes: options.deletes,
    chunkManager,
    systemFields: options.systemFields,
    signal,
    ...(options.deletes ? { deltalogs: segment.deltalogs, l0Deltalogs: segment.l0Deltalogs } : {}),
    ...(options.readTs === undefined ? {} : { readTimestamp: options.readTs }),
    ...(options.columns === undefined ? {} : { columns: options.columns.map(columnOf) }),
    ...filter,
    ...readOptionsFor(format),
  })
  try {
    const source = new StorageSource(options)
    await printRows(reader, options, { source, signal, cellOf: milvusCells(schema) })
  } finally {
    await reader.close()
  }
}
