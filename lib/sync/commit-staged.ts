import { PackedError } from '../errors/index.js'
import {
  applyChanges,
  type Manifest,
  type ManifestStatistics,
  ManifestStore,
  ManifestTransaction,
  rowsOfManifest,
} from '../manifest/index.js'
import { hasCover, keyFilesOf, MERGED_LOG_ID, withCover } from '../segment/index.js'
import type { ChunkManager } from '../storage/index.js'
import type { StagedPack, StagedStatistics } from './staged-pack.js'

/** What {@link commitStaged} is told. */
export interface CommitStagedOptions {
  readonly chunkManager: ChunkManager
  /** Of the segment. */
  readonly basePath: string
  /** The manifest that the metadata names; 0 for none. */
  readonly version: number
  readonly singleWriter: boolean
  readonly staged: StagedPack
  /** Files of merged statistics, which every commit of a flush writes anew. */
  readonly merged: readonly StagedStatistics[]
  readonly signal: AbortSignal | undefined
}

/** Statistics that syncs list, and nobody else. */
const OF_SYNCS = /^(bloom_filter|bm25)\./
const OF_KEYS = /^bloom_filter\.(\d+)$/

/**
 * Add the files of a pack to the manifest of its segment: all of them in one new version.
 *
 * The version that the metadata names is the truth about rows, as they only come from syncs, and
 * a sync counts when the metadata is saved. Versions behind it are told apart by what they hold:
 *
 * - The files of this very pack: the commit had landed although it failed. That version is it.
 * - More rows: a sync whose metadata was never saved. Its rows come again, out of the message log
 *   or the write buffer, and must not count twice. The new version has the groups and the sync's
 *   statistics of the version that the metadata names, and what others committed meanwhile.
 * - No more rows: deletes, indexes and statistics of somebody else. The new version is built on it.
 *
 * Milvus's `fail` would refuse the last two, again and again; its `overwrite` would lose the last.
 *
 * @returns the number of the version that has the files; `version` itself where there are none.
 * @throws PackedError Conflict (somebody else commits at this moment), RetriesExhausted,
 *   InvalidArgument (columns that the segment's groups do not have), MetadataCorrupted (the version
 *   is not there), NotSupported (a store without conditional writes) and what the store throws.
 */
export async function commitStaged(options: CommitStagedOptions): Promise<number> {
  const { chunkManager, basePath, version, singleWriter, merged, signal } = options
  const staged = { ...options.staged, statistics: [...options.staged.statistics, ...merged] }
  if (staged.paths.length + merged.length === 0) return version
  const transaction = await ManifestTransaction.open({
    chunkManager,
    basePath,
    resolver: 'fail',
    singleWriter,
    ...(signal === undefined ? {} : { signal }),
  })
  const { readVersion, manifest: latest } = transaction
  if (readVersion < version) throw vanished(basePath, version, readVersion)
  if (readVersion > version && namesAny(latest, staged.paths)) return readVersion
  const store = new ManifestStore(chunkManager, basePath, { singleWriter })
  const saved = readVersion === version ? latest : await store.read(version, { signal })
  if ((rowsOfManifest(latest) ?? 0) > (rowsOfManifest(saved) ?? 0))
    supersede(transaction, saved, staged)
  else extend(transaction, latest, staged)
  const committed = await transaction.commit({ signal })
  return committed.version
}

/** The files of the pack behind those of a manifest. */
function extend(transaction: ManifestTransaction, manifest: Manifest, staged: StagedPack): void {
  if (staged.columnGroups.length > 0) transaction.appendFiles(inOrderOf(manifest, staged))
  addStatistics(transaction, manifest, staged)
  for (const log of staged.deltaLogs) transaction.addDeltaLog(log)
}

/** The same behind those of a saved manifest, in place of the rows that came after it. */
function supersede(transaction: ManifestTransaction, saved: Manifest, staged: StagedPack): void {
  const { manifest: latest } = transaction
  for (const name of latest.columnGroups.flatMap(({ columns }) => columns)) {
    transaction.dropColumn(name)
  }
  const appended = { kind: 'appendFiles', groups: inOrderOf(saved, staged) } as const
  const hasRows = staged.columnGroups.length > 0
  const { columnGroups } = hasRows ? applyChanges(saved, [appended]) : saved
  if (columnGroups.length > 0) transaction.appendFiles(columnGroups)
  // An index is of the files that it was made of.
  if (!hasRows) for (const index of saved.indexes) transaction.addIndex(index)
  const replaced = new Set(staged.statistics.map(({ key }) => key))
  for (const key of Object.keys(latest.stats)) {
    if (!OF_SYNCS.test(key) || replaced.has(key)) continue
    transaction.updateStatistics(key, saved.stats[key] ?? { paths: [], metadata: {} })
  }
  addStatistics(transaction, saved, staged)
  // Those of the sync that is superseded may stay: a delete that comes twice hides the same rows.
  for (const log of staged.deltaLogs) transaction.addDeltaLog(log)
}

/** A new list replaces that of its key: the files that are listed already are carried over. */
function addStatistics(
  transaction: ManifestTransaction,
  manifest: Manifest,
  { statistics, columnGroups }: StagedPack,
): void {
  for (const key of new Set(statistics.map((file) => file.key))) {
    const known = manifest.stats[key]
    const added = statistics.filter((file) => file.key === key)
    const extended = withFiles(known, added)
    const [, keyColumn] = OF_KEYS.exec(key) ?? []
    const [before, fresh] = [manifest.columnGroups, columnGroups].map((groups) =>
      keyFilesOf(groups, (column) => column === keyColumn),
    )
    const isTold =
      (before!.length === 0 || hasCover(known, before!, 'single')) &&
      (fresh!.length === 0 || added.some(({ path }) => !path.endsWith(`/${MERGED_LOG_ID}`)))
    // Merged ones are of what the syncs of one worker know: nobody has shown that this is all.
    const files = [...before!, ...fresh!]
    transaction.updateStatistics(key, withCover(extended, files, isTold ? ['single'] : []))
  }
}

function withFiles(
  known: ManifestStatistics | undefined,
  added: readonly StagedStatistics[],
): ManifestStatistics {
  const { paths = [], metadata = {} } = known ?? {}
  const fresh = added.filter(({ path }) => !paths.includes(path))
  const bytes = fresh.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return {
    paths: [...paths, ...fresh.map(({ path }) => path)],
    metadata: { ...metadata, memory_size: String(Number(metadata.memory_size ?? 0) + bytes) },
  }
}

/** The groups of the pack in the order of a manifest's, which files are appended by. */
function inOrderOf({ columnGroups }: Manifest, staged: StagedPack): StagedPack['columnGroups'] {
  const place = (columns: readonly string[]): number => {
    const found = columnGroups.findIndex((group) => group.columns.includes(columns[0]!))
    return found < 0 ? columnGroups.length : found
  }
  return [...staged.columnGroups].sort((left, right) => place(left.columns) - place(right.columns))
}

function namesAny({ columnGroups, deltaLogs, stats }: Manifest, paths: readonly string[]): boolean {
  const named = new Set([
    ...columnGroups.flatMap(({ files }) => files.map(({ path }) => path)),
    ...deltaLogs.map(({ path }) => path),
    ...Object.values(stats).flatMap((list) => list.paths),
  ])
  return paths.some((path) => named.has(path))
}

function vanished(basePath: string, version: number, latest: number): PackedError {
  const message = `Expected manifest ${version} of "${basePath}", which the metadata names, but the latest is ${latest}`
  return new PackedError('MetadataCorrupted', message, { path: basePath })
}
