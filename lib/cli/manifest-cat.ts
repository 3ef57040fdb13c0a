import { Command } from 'commander'
import { ManifestReader } from '../manifest/index.js'
import {
  addManifestOptions,
  addVersionOption,
  loadManifest,
  type ManifestOptions,
  manifestTarget,
} from './manifest-target.js'
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
import { StorageSource } from './storage-source.js'
import { filterOf } from './where.js'

interface ManifestCatOptions extends PrintOptions, RowsOption, ManifestOptions {
  version?: number
}

/** The rows of one version; deletes are not looked at, which `packed segment cat` does. */
export function manifestCatCommand(signal: AbortSignal): Command {
  const command = new Command('cat').description(
    'print the rows of a version, deleted ones included; <base> may be the file of a manifest, too',
  )
  const print = { what: 'fixed_size_binary', fallback: 'base64' }
  return addPrintOptions(
    addRowsOption(addVersionOption(addManifestOptions(command))),
    print,
  ).action((base: string, _, run: Command) =>
    cat(base, run.optsWithGlobals<ManifestCatOptions>(), signal),
  )
}

async function cat(base: string, options: ManifestCatOptions, signal: AbortSignal): Promise<void> {
  const format = outputFormatOf(options)
  const filter = filterOf(options)
  const target = await manifestTarget(base, options)
  const { manifest } = await loadManifest(target, options.version, signal)
  const { chunkManager } = target
  const reader = await ManifestReader.open({
    chunkManager,
    manifest,
    signal,
    ...(options.columns === undefined ? {} : { columns: options.columns.map(nameOf) }),
    ...filter,
    ...readOptionsFor(format),
  })
  try {
    await printRows(await chosenRows(reader, options), options, {
      source: new StorageSource(options),
      signal,
    })
  } finally {
    await reader.close()
  }
}

/** Columns are found by name; Milvus names them by their field ids. */
function nameOf(text: string): string {
  return text.replace(/^#(?=\d+$)/, '')
}
