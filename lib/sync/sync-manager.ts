import { availableParallelism } from 'node:os'
import { expectInteger, expectKnownKeys, expectObject, expectSignal } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import {
  ByteBudget,
  type ChunkManager,
  expectChunkManager,
  follow,
  Gate,
} from '../storage/index.js'
import { type Logger, type PipelineMeter, SILENT, UNMETERED } from '../telemetry/index.js'
import { SyncQueue } from './sync-queue.js'
import { SyncEntry, type SyncFailure } from './sync-queue-entry.js'
import { SyncStatistics, type TaskStatistics } from './sync-statistics.js'
import type { SyncCallback, SyncWork } from './sync-work.js'

/** Milvus's `dataNode.dataSync.maxParallelSyncMgrTasksPerCPUCore`. */
const TASKS_PER_CORE = 16
/** Tasks write several files each: more of them at once only take memory from each other. */
const MOST_TASKS = 64
const DEFAULT_BYTES = 256 << 20

/** Options of a {@link SyncManager}. */
export interface SyncManagerOptions {
  /** Where tasks write. */
  chunkManager: ChunkManager
  /** Tasks that prepare at once; default 16 for every core, 64 at most. */
  maxTasks?: number
  /** Payload of the tasks that prepare at once, default 256 MiB; a larger one runs alone. */
  maxBytes?: number
  /** Nothing is said by default. */
  logger?: Logger
  /** Nothing is counted by default. */
  meter?: PipelineMeter
  /** Cancels everything, and what comes later. */
  signal?: AbortSignal
}

const OPTIONS = ['chunkManager', 'maxTasks', 'maxBytes', 'logger', 'meter', 'signal']

/**
 * Runs syncs: their files are written concurrently, over segments and within one, their metadata
 * is saved in the order of the calls for every `orderKey`.
 *
 * When a task fails, the tasks of its key that were submitted after it fail with its error,
 * without having been saved; until the last of them has ended, so does any that is submitted.
 */
export class SyncManager {
  readonly #chunkManager: ChunkManager
  readonly #logger: Logger
  readonly #signal: AbortSignal | undefined
  readonly #gate: Gate
  readonly #budget: ByteBudget
  readonly #queues = new Map<string, SyncQueue>()
  readonly #entries = new Map<SyncEntry, Promise<SyncFailure | undefined>>()
  readonly #statistics = new SyncStatistics()
  /** Take back what was registered elsewhere. */
  readonly #unlink: (() => void)[]
  #closing: Promise<void> | undefined

  /** @throws PackedError InvalidArgument. */
  constructor(options: SyncManagerOptions) {
    const given = expectObject(options, 'SyncManager')
    expectKnownKeys(given, OPTIONS, 'SyncManager')
    this.#chunkManager = expectChunkManager(options.chunkManager, 'chunkManager')
    this.#logger = options.logger ?? SILENT
    this.#signal = expectSignal(given.signal, 'signal')
    const fallback = Math.min(availableParallelism() * TASKS_PER_CORE, MOST_TASKS)
    this.#gate = new Gate(expectInteger(given.maxTasks, 'maxTasks', { min: 1, fallback }))
    const bytes = { min: 1, fallback: DEFAULT_BYTES }
    this.#budget = new ByteBudget(expectInteger(given.maxBytes, 'maxBytes', bytes))
    const { meter = UNMETERED } = options
    this.#unlink = [
      follow(this.#signal, (reason) => this.#cancel(reason)),
      meter.observe('sync.tasks', () => this.#entries.size),
    ]
  }

  /**
   * Run a task.
   *
   * Resolves when its metadata is saved and its callbacks have run; they run one after the other,
   * also after a failure, before the next task of the key is saved.
   *
   * @throws what `prepare`, `commit` or an earlier task of the key threw, as the callbacks left
   *   it; PackedError Closed (also a task that has not begun when the manager is closed); the
   *   signal's reason when it is aborted.
   */
  syncData(task: SyncWork, ...callbacks: readonly SyncCallback[]): Promise<void> {
    return this.syncDataWithChunkManager(this.#chunkManager, task, ...callbacks)
  }

  /** `syncData` with files that go elsewhere. */
  async syncDataWithChunkManager(
    chunkManager: ChunkManager,
    task: SyncWork,
    ...callbacks: readonly SyncCallback[]
  ): Promise<void> {
    this.#signal?.throwIfAborted()
    if (this.#closing !== undefined) throw closedError()
    task.useChunkManager(expectChunkManager(chunkManager, 'chunkManager'))
    const entry = new SyncEntry(task, callbacks, (err) =>
      this.#logger.warn({ segmentId: task.segmentId, err }, 'A callback of a failed sync failed'),
    )
    const ended = this.#statistics.begin(entry)
    const outcome = this.#add(entry)
    this.#entries.set(entry, outcome)
    const failure = await outcome
    this.#entries.delete(entry)
    ended(failure)
    if (failure !== undefined) throw failure.error
  }

  /** What ran of late: the newest first, 64 tasks and 15 minutes at most. */
  recentTasks(): TaskStatistics[] {
    return this.#statistics.list()
  }

  /** Tasks that have begun run to their end, others fail as Closed; waits for all. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#drain()
    return this.#closing
  }

  async #drain(): Promise<void> {
    for (const entry of this.#entries.keys()) {
      if (entry.phase === 'waiting') entry.cancel(closedError())
    }
    await Promise.all(this.#entries.values())
    for (const unlink of this.#unlink) unlink()
  }

  #add(entry: SyncEntry): Promise<SyncFailure | undefined> {
    const { orderKey } = entry.work
    const queue = this.#queues.get(orderKey) ?? new SyncQueue()
    this.#queues.set(orderKey, queue)
    const outcome = queue.add(entry)
    const prepare = () => this.#budget.run(entry.payloadBytes, () => entry.prepare())
    void this.#gate.run(prepare)
    return outcome.finally(() => {
      if (queue.isEmpty && this.#queues.get(orderKey) === queue) this.#queues.delete(orderKey)
    })
  }

  #cancel(reason: unknown): void {
    for (const entry of this.#entries.keys()) entry.cancel(reason)
  }
}

function closedError(): PackedError {
  const message = 'Expected an open manager for syncData() but the sync manager is closed'
  return new PackedError('Closed', message)
}
