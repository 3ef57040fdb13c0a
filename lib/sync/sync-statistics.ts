import { LRUCache } from 'lru-cache'
import type { SyncEntry, SyncFailure, SyncPhase } from './sync-queue-entry.js'

/** Tasks that are remembered, and for how long: Milvus's numbers. */
const MOST_TASKS = 64
const KEEP_MS = 15 * 60_000

/** What a {@link SyncManager} remembers of a task. */
export interface TaskStatistics {
  readonly segmentId: bigint
  readonly orderKey: string
  /** Timestamp of the pack's checkpoint; 0 without one. */
  readonly checkpointTimestamp: bigint
  readonly phase: SyncPhase
  readonly payloadBytes: number
  /** Bytes of the files; 0 as long as they are not written. */
  readonly flushedSize: number
  /** When it was submitted: milliseconds since 1970. */
  readonly submittedMs: number
  /** From then to its end; undefined as long as it has none. */
  readonly durationMs: number | undefined
  /** Message of the error that it failed with. */
  readonly failure: string | undefined
}

/** The tasks of late, by segment and checkpoint: one that is submitted again counts once. */
export class SyncStatistics {
  readonly #tasks = new LRUCache<string, { read: () => TaskStatistics }>({
    max: MOST_TASKS,
    ttl: KEEP_MS,
  })

  /** @returns what to call when the task has ended; it is no longer held then. */
  begin(entry: SyncEntry): (failure: SyncFailure | undefined) => void {
    const submittedMs = Date.now()
    const started = performance.now()
    const open = { submittedMs, durationMs: undefined, failure: undefined }
    const task = { read: (): TaskStatistics => ({ ...factsOf(entry), ...open }) }
    this.#tasks.set(`${entry.work.segmentId}-${timestampOf(entry)}`, task)
    return (ended) => {
      const durationMs = performance.now() - started
      const failure = ended && messageOf(ended.error)
      const last = { ...factsOf(entry), submittedMs, durationMs, failure }
      task.read = () => last
    }
  }

  /** The newest first. */
  list(): TaskStatistics[] {
    return [...this.#tasks.values()].map(({ read }) => read())
  }
}

function factsOf(entry: SyncEntry): Omit<TaskStatistics, 'submittedMs' | 'durationMs' | 'failure'> {
  const { work, phase, payloadBytes } = entry
  return {
    segmentId: work.segmentId,
    orderKey: work.orderKey,
    checkpointTimestamp: timestampOf(entry),
    phase,
    payloadBytes,
    flushedSize: work.flushedSize ?? 0,
  }
}

function timestampOf({ work }: SyncEntry): bigint {
  return work.checkpoint?.timestamp ?? 0n
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
