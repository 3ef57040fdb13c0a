import { Command } from 'commander'
import { PackedReader } from '../packed/index.js'
import {
  addPrintOptions,
  columnOf,
  outputFormatOf,
  type PrintOptions,
  printRows,
  readOptionsFor,
} from './print-rows.js'

interface CatOptions extends PrintOptions {
  lenient: boolean
}

export function catCommand(signal: AbortSignal): Command {
  const command = new Command('cat')
    .description('print the rows of column-group files, which are joined by row')
    .argument('<file...>', 'the files of one segment')
  return addPrintOptions(command, { what: 'fixed_size_binary', fallback: 'base64' })
    .option('--lenient', 'take plain Parquet as well', false)
    .action((files: string[], options: CatOptions) => cat(files, options, signal))
}

async function cat(files: string[], options: CatOptions, signal: AbortSignal): Promise<void> {
  const format = outputFormatOf(options)
  const reader = await PackedReader.open({
    paths: files,
    lenient: options.lenient,
    signal,
    ...(options.columns === undefined ? {} : { columns: options.columns.map(columnOf) }),
    ...readOptionsFor(format),
  })
  try {
    await printRows(reader, options, { signal })
  } finally {
    await reader.close()
  }
}
