/** Segments with manifests in a tree of their own, and what a metadata store says of them. */
import { utimesSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  ManifestTransaction,
  type ManifestTransactionOptions,
  manifestKey,
} from '../../lib/manifest/index.js'
import { LocalChunkManager } from '../../lib/storage/index.js'
import {
  type CollectGarbageOptions,
  collectGarbage,
  type GarbageReport,
  type SegmentMeta,
  type SegmentState,
} from '../../lib/sync/index.js'
import { filesBelow } from './temporary.js'

const DAYS_AGO = new Date(Date.now() - 48 * 3_600_000)
const CONTENT = new Uint8Array(10)

/** Base folder of a segment of collection 1. */
export const baseOf = (segment: number, partition = 2) => `insert_log/1/${partition}/${segment}`

/** What a metadata store says of a segment that has nothing but manifests. */
export function segmentMeta(segment: number, more: Partial<SegmentMeta> = {}): SegmentMeta {
  return {
    collectionId: 1n,
    partitionId: 2n,
    segmentId: BigInt(segment),
    storageVersion: 3,
    numRows: 0,
    binlogs: [],
    statslogs: [],
    bm25logs: [],
    deltalogs: [],
    schema: undefined,
    channelName: 'channel',
    state: 'Flushed',
    level: 'L1',
    startPosition: undefined,
    checkpoint: undefined,
    currentSplit: undefined,
    manifestPath: JSON.stringify({ ver: -1, base_path: baseOf(segment) }),
    ...more,
  } as SegmentMeta
}

export class ManifestGarbage {
  readonly chunkManager: LocalChunkManager
  /** What the catalog says, by segment. */
  readonly segments = new Map<number, SegmentMeta>()
  readonly catalog = {
    collections: async () => [{ collectionId: 1n }],
    segments: async () => [...this.segments.values()],
  }

  constructor(readonly root: string) {
    this.chunkManager = new LocalChunkManager({ rootPath: root })
  }

  /** Let the catalog know a segment. */
  know(segment: number, more: Partial<SegmentMeta> = {}): void {
    this.segments.set(segment, segmentMeta(segment, more))
  }

  setState(segment: number, state: SegmentState): void {
    this.segments.set(segment, { ...this.segments.get(segment)!, state })
  }

  /** Objects of ten bytes. */
  async write(...keys: string[]): Promise<void> {
    for (const key of keys) await this.chunkManager.write(key, CONTENT)
  }

  async commit(
    basePath: string,
    change: (transaction: ManifestTransaction) => unknown,
    options: Partial<ManifestTransactionOptions> = {},
  ): Promise<number> {
    const { chunkManager } = this
    const transaction = await ManifestTransaction.open({ chunkManager, basePath, ...options })
    change(transaction)
    return (await transaction.commit()).version
  }

  /** Every key, hidden files too, sorted. */
  get keys(): string[] {
    return filesBelow(this.root)
      .map((file) => relative(this.root, file))
      .sort()
  }

  /** Two days old: everything, or what is named. */
  age(keys: readonly string[] = this.keys): void {
    for (const key of keys) utimesSync(join(this.root, key), DAYS_AGO, DAYS_AGO)
  }

  gc(options: Partial<CollectGarbageOptions> = {}): Promise<GarbageReport> {
    const { catalog, chunkManager } = this
    return collectGarbage({ catalog, chunkManager, dryRun: false, ...options })
  }

  /** Whatever its age: times of files are finer than those of the clock, so it moves on first. */
  async gcNow(options: Partial<CollectGarbageOptions> = {}): Promise<GarbageReport> {
    await sleep(2)
    return this.gc({ olderThanMs: 0, workersStopped: true, ...options })
  }
}

export const manifestsOf = (base: string, ...versions: number[]) =>
  versions.map((version) => manifestKey(base, version))

export const pathsOf = ({ objects }: GarbageReport) => objects.map(({ path }) => path).sort()
