import { stringifyExact } from '../config/index.js'
import type { ChunkManager } from '../storage/index.js'
import { type CompactedManifest, compactManifest, type ManifestSizes } from '../sync/index.js'
import { UsageError } from './failure.js'
import { toStdout } from './output.js'
import { schemaFromFile } from './schema-file.js'
import { type StorageOptions, StorageSource } from './storage-source.js'
import { formatCount, formatTable } from './table.js'

/** What of the options of `segment compact` is for a segment without a metadata store. */
export interface CompactManifestCommand extends StorageOptions {
  base?: string
  schema?: string
  readTs?: bigint
  sort: boolean
  sortMemory?: number
  dryRun: boolean
  json: boolean
}

/** Options that only make sense with a metadata store, by their names. */
const OF_STORES = ['meta', 'collection', 'partition', 'segments', 'maxRows', 'maxBytes'] as const

/** Rewrite the segment of `--base` as one more version of its manifest. */
export async function compactBase(
  chunkManager: ChunkManager,
  options: CompactManifestCommand & Partial<Record<(typeof OF_STORES)[number], unknown>>,
  signal: AbortSignal,
): Promise<void> {
  const { base, schema, readTs, sort, sortMemory } = options
  const stranger = OF_STORES.find((name) => options[name] !== undefined)
  if (stranger !== undefined || options.dryRun) {
    const flag = (stranger ?? 'dryRun').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    throw new UsageError(`Expected --base without --${flag}, which is for a metadata store`)
  }
  if (schema === undefined) throw new UsageError('Expected --schema <file> with --base')
  const compacted = await compactManifest({
    chunkManager,
    basePath: base!,
    schema: await schemaFromFile(schema, new StorageSource(options)),
    sort,
    signal,
    ...(readTs === undefined ? {} : { readTimestamp: readTs }),
    ...(sortMemory === undefined ? {} : { sortBytes: sortMemory }),
  })
  await toStdout([options.json ? `${stringifyExact(compacted, 2)}\n` : text(compacted)])
}

function text({ from, to }: CompactedManifest): string {
  const number = (title: string) => ({ title, align: 'right' as const })
  const columns = ['version', 'rows', 'files', 'bytes'].map(number)
  const rowOf = ({ version, rows, files, bytes }: ManifestSizes) =>
    [version, rows, files, bytes].map(formatCount)
  return formatTable(
    [{ title: '' }, ...columns],
    [
      ['old', ...rowOf(from)],
      ['new', ...rowOf(to)],
    ],
  )
}
