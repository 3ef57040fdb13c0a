import { Command } from 'commander'
import { PackedReader } from '../packed/index.js'
import { commonStorage, filePlaces } from './place.js'
import {
  addPrintOptions,
  addRowsOption,
  chosenRows,
  columnOf,
  outputFormatOf,
  type PrintOptions,
  printRows,
  type RowsOption,
  readOptionsFor,
} from './print-rows.js'
import { type StorageOptions, StorageSource } from './storage-source.js'
import { filterOf } from './where.js'

interface CatOptions extends PrintOptions, RowsOption, StorageOptions {
  lenient: boolean
}

export function catCommand(signal: AbortSignal): Command {
  const command = new Command('cat')
    .description('print the rows of column-group files, which are joined by row')
    .argument('<file...>', 'the files of one segment')
  return addPrintOptions(addRowsOption(command), { what: 'fixed_size_binary', fallback: 'base64' })
    .option('--lenient', 'take plain Parquet as well', false)
    .action((files: string[], _, command: Command) =>
      cat(files, command.optsWithGlobals<CatOptions>(), signal),
    )
}

async function cat(files: string[], options: CatOptions, signal: AbortSignal): Promise<void> {
  const format = outputFormatOf(options)
  const filter = filterOf(options)
  const source = new StorageSource(options)
  const places = await filePlaces(files, source, signal)
  const reader = await PackedReader.open({
    paths: places.map(({ path }) => path),
    storage: commonStorage(places),
    lenient: options.lenient,
    signal,
    ...(options.columns === undefined ? {} : { columns: options.columns.map(columnOf) }),
    ...filter,
    ...readOptionsFor(format),
  })
  try {
    await printRows(await chosenRows(reader, options), options, { source, signal })
  } finally {
    await reader.close()
  }
}
