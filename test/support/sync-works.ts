/** Works of a SyncManager that end when a test tells them to. */

import type { ChunkManager } from '../../lib/storage/index.js'
import type { ChannelPosition, SyncCallback, SyncManager, SyncWork } from '../../lib/sync/index.js'

/** Give everything that is ready its turn. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Writes down what is done to works, in order: `prepare a`, `commit a`, `abandon a`, `fail a: …`. */
export class WorkJournal {
  readonly lines: string[] = []
  preparing = 0
  mostPreparing = 0
  preparingBytes = 0
  mostPreparingBytes = 0

  work(name: string, options: Partial<WorkOptions> = {}): ToldWork {
    return new ToldWork(name, this, { segmentId: 1n, payloadBytes: 1, ...options })
  }

  begin(bytes: number): void {
    this.mostPreparing = Math.max(this.mostPreparing, ++this.preparing)
    this.preparingBytes += bytes
    this.mostPreparingBytes = Math.max(this.mostPreparingBytes, this.preparingBytes)
  }

  end(bytes: number): void {
    this.preparing -= 1
    this.preparingBytes -= bytes
  }
}

export interface WorkOptions {
  segmentId: bigint
  payloadBytes: number
  checkpoint: ChannelPosition
  /** End `prepare` and `commit` by themselves. */
  prompt: boolean
}

/** A part of a work, open until the test ends it. */
class Step {
  #end: ((error?: Error) => void) | undefined
  #early: { error: Error | undefined } | undefined

  end(error?: Error): void {
    if (this.#end === undefined) this.#early = { error }
    else this.#end(error)
  }

  run(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#end = (error) => (error === undefined ? resolve() : reject(error))
      signal?.addEventListener('abort', () => reject(signal.reason))
      if (this.#early !== undefined) this.#end(this.#early.error)
    })
  }
}

export class ToldWork implements SyncWork {
  readonly segmentId: bigint
  readonly orderKey: string
  readonly payloadBytes: number
  readonly checkpoint: ChannelPosition | undefined
  readonly prepared = new Step()
  readonly committed = new Step()
  readonly #name: string
  readonly #journal: WorkJournal
  chunkManager: ChunkManager | undefined

  constructor(
    name: string,
    journal: WorkJournal,
    { segmentId, payloadBytes, checkpoint, prompt = false }: Partial<WorkOptions>,
  ) {
    this.#name = name
    this.#journal = journal
    this.segmentId = segmentId ?? 1n
    this.orderKey = `segment/${this.segmentId}`
    this.payloadBytes = payloadBytes ?? 1
    this.checkpoint = checkpoint
    if (!prompt) return
    this.prepared.end()
    this.committed.end()
  }

  useChunkManager(chunkManager: ChunkManager): void {
    this.chunkManager = chunkManager
  }

  async prepare(signal?: AbortSignal): Promise<void> {
    this.#note('prepare')
    this.#journal.begin(this.payloadBytes)
    try {
      await this.prepared.run(signal)
    } finally {
      this.#journal.end(this.payloadBytes)
    }
  }

  async commit(signal?: AbortSignal): Promise<void> {
    await this.committed.run(signal)
    this.#note('commit')
  }

  abandon(): void {
    this.#note('abandon')
  }

  fail(error: unknown): void {
    this.#note('fail', error)
  }

  /** A callback that writes down that it was called. */
  heard(name: string): SyncCallback {
    return (error) => this.#note(name, error)
  }

  #note(what: string, error?: unknown): void {
    const why = error === undefined ? '' : `: ${error instanceof Error ? error.message : error}`
    this.#journal.lines.push(`${what} ${this.#name}${why}`)
  }
}

/** Submit a work; the result says how that ended: `saved`, or the error's message. */
export function submit(manager: SyncManager, work: ToldWork): Promise<string> {
  return manager.syncData(work, work.heard('first'), work.heard('second')).then(
    () => 'saved',
    (error: Error) => error.message,
  )
}
