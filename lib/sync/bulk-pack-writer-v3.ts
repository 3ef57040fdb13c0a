import { expectObject } from '../config/index.js'
import { isNotCommitted } from '../manifest/index.js'
import type { FieldGroup } from '../schema/index.js'
import { commitPack, manifestOf } from './commit-pack.js'
import { loadStatistics } from './load-statistics.js'
import { PackIds } from './pack-ids.js'
import { PackLeftovers } from './pack-leftovers.js'
import { type EarlierStatistics, isMerging } from './pack-merge.js'
import { recordsOf } from './pack-records.js'
import type { PackTarget } from './pack-target.js'
import type { PackLogs, PackWriter } from './pack-writer.js'
import { retrying } from './retry.js'
import { stagePack } from './stage-pack.js'
import type { StagedPack } from './staged-pack.js'
import { isTransient } from './sync-error.js'
import type { SyncPack } from './sync-pack.js'

type StagedLogs = PackLogs & { readonly staged: StagedPack }

/** What an attempt has made so far. */
interface Attempt {
  readonly paths: string[]
  /** A manifest that names them may have been written. */
  isCommitting: boolean
}

/**
 * Writes packs of StorageV3 segments: files into the folders of the segment, columns named by the
 * ids of their fields, and one new version of its manifest that names them all.
 *
 * An attempt is all of that. It starts from the manifest that the target names, whatever attempts
 * before it did (see `commitStaged`), with a size of 0 and files of its own. Only what may pass is
 * tried again: conflicts with others, and failures of the store that say so; everything else is
 * final.
 */
export class BulkPackWriterV3 implements PackWriter {
  readonly #target: PackTarget
  readonly #leftovers: PackLeftovers

  constructor(target: PackTarget) {
    expectObject(target, 'target')
    this.#target = target
    this.#leftovers = new PackLeftovers(target.chunkManager, target.logger)
  }

  get orphans(): readonly string[] {
    return this.#leftovers.orphans
  }

  write(pack: SyncPack, groups: readonly FieldGroup[], signal?: AbortSignal): Promise<PackLogs> {
    return this.#attempting(signal, async (attempt) => {
      const logs = await this.#stage(pack, groups, attempt, signal)
      const earlier = isMerging(pack) ? await this.#earlier(signal) : undefined
      attempt.isCommitting = true
      const { manifestPath, sizeBytes } = await commitPack(this.#target, logs, earlier, signal)
      return { ...logs, manifestPath, sizeBytes: logs.sizeBytes + sizeBytes }
    })
  }

  /**
   * Only write the files; `commitPack` makes them part of the segment. That way several packs of a
   * segment are written at a time, and become part of it one after the other.
   */
  stage(pack: SyncPack, groups: readonly FieldGroup[], signal?: AbortSignal): Promise<StagedLogs> {
    return this.#attempting(signal, (attempt) => this.#stage(pack, groups, attempt, signal))
  }

  async #stage(
    pack: SyncPack,
    groups: readonly FieldGroup[],
    { paths }: Attempt,
    signal: AbortSignal | undefined,
  ): Promise<StagedLogs> {
    const target = this.#target
    const records = recordsOf(target.schema, pack.insertData)
    const ids = new PackIds(target.allocator, signal)
    const note = (path: string): void => void paths.push(path)
    await ids.reserve(statisticsOf(pack) + (pack.deleteData === undefined ? 0 : 1))
    const { basePath } = manifestOf(target)
    return stagePack(pack, records, { target, basePath, groups, ids, note, signal })
  }

  /** Of the packs that the manifest has, as nobody here has them in memory. */
  async #earlier(signal: AbortSignal | undefined): Promise<EarlierStatistics> {
    const { chunkManager, manifestPath = '' } = this.#target
    const saved = { statslogs: [], bm25logs: [], manifestPath }
    const { pkStats, bm25 } = await loadStatistics(saved, chunkManager, { signal })
    return { pkStats, bm25Stats: bm25 }
  }

  #attempting<T>(
    signal: AbortSignal | undefined,
    write: (attempt: Attempt) => Promise<T>,
  ): Promise<T> {
    const { retry, logger, segmentId } = this.#target
    const onRetry = (error: unknown, number: number): void =>
      logger.warn({ segmentId, attempt: number, err: error }, 'Writing a sync failed, once more')
    const shouldRetry = (error: unknown): boolean => isTransient(error, signal)
    return retrying({ retry, signal, shouldRetry, onRetry }, async () => {
      const attempt: Attempt = { paths: [], isCommitting: false }
      try {
        return await write(attempt)
      } catch (error) {
        await this.#clear(attempt, error)
        throw error
      }
    })
  }

  /** A manifest that may be there keeps its files: it is superseded, and they are orphans. */
  async #clear({ paths, isCommitting }: Attempt, error: unknown): Promise<void> {
    if (isCommitting && !isNotCommitted(error)) this.#leftovers.keep(paths, error)
    else await this.#leftovers.remove(paths)
  }
}

/** Files of statistics: of the keys, and of every BM25 field. */
function statisticsOf({ insertData, bm25Stats }: SyncPack): number {
  return (insertData.length > 0 ? 1 : 0) + bm25Stats.size
}
