import { Command } from 'commander'
import { SegmentReader } from '../segment/index.js'
import { milvusCells } from './milvus-cells.js'
import {
  addPrintOptions,
  addRowsOption,
  chosenRows,
  outputFormatOf,
  type PrintOptions,
  printRows,
  type RowsOption,
  readOptionsFor,
} from './print-rows.js'
import { addSegmentOptions, findSegment, schemaOf } from './segment-target.js'
import { addVisibleOptions, readerOptionsOf, type VisibleOptions } from './segment-visible.js'
import { StorageSource } from './storage-source.js'
import { filterOf } from './where.js'

interface SegmentCatOptions extends PrintOptions, RowsOption, VisibleOptions {}

export function segmentCatCommand(signal: AbortSignal): Command {
  const command = new Command('cat').description('print the rows that are there at a timestamp')
  const rows = addVisibleOptions(addRowsOption(addSegmentOptions(command)))
  return addPrintOptions(rows, { what: 'vectors', fallback: 'by their type' }).action(
    (segment: bigint, _, command: Command) =>
      cat(segment, command.optsWithGlobals<SegmentCatOptions>(), signal),
  )
}

async function cat(id: bigint, options: SegmentCatOptions, signal: AbortSignal): Promise<void> {
  const format = outputFormatOf(options)
  const filter = filterOf(options)
  const target = await findSegment(id, options, signal)
  const schema = await schemaOf(target, options)
  const reader = await SegmentReader.open({
    ...readerOptionsOf(target, options),
    ...{ schema, signal },
    ...filter,
    ...readOptionsFor(format),
  })
  try {
    const source = new StorageSource(options)
    const rows = await chosenRows(reader, options)
    await printRows(rows, options, { source, signal, cellOf: milvusCells(schema) })
  } finally {
    await reader.close()
  }
}
