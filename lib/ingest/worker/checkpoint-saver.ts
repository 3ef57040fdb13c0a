import type { ChannelPosition, MetaWriter } from '../../sync/index.js'
import type { Logger } from '../../telemetry/index.js'
import type { MessageLog } from '../message-source.js'

/** Every save is a transaction on disk; a restart replays what came after the last one. */
const PERIOD_MS = 500

/** A checkpoint and what belongs to it. */
interface Checkpoint {
  readonly position: ChannelPosition
  readonly sequences: ReadonlyMap<string, bigint>
}

/** Options of {@link CheckpointSaver}. */
export interface CheckpointSaverOptions {
  readonly metaWriter: MetaWriter
  readonly log: MessageLog
  readonly logger: Logger
  readonly saved: ChannelPosition | undefined
}

/**
 * Saves the checkpoint of a channel, then lets the log drop what came before it.
 *
 * Only the newest checkpoint counts, so that one save stands for all that came meanwhile. A save
 * that fails is repeated with the next one: a checkpoint that is too old costs time at the next
 * start, and nothing else.
 */
export class CheckpointSaver {
  readonly #options: CheckpointSaverOptions
  #next: Checkpoint | undefined
  #saved: ChannelPosition | undefined
  #saving: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  constructor(options: CheckpointSaverOptions) {
    this.#options = options
    this.#saved = options.saved
  }

  /** What the metadata store has. */
  get saved(): ChannelPosition | undefined {
    return this.#saved
  }

  /** A checkpoint to save in a moment. */
  offer(position: ChannelPosition, sequences: ReadonlyMap<string, bigint>): void {
    this.#next = { position, sequences }
    this.#timer ??= setTimeout(() => {
      this.flush().catch((error: unknown) => {
        this.#options.logger.warn({ err: error }, 'the checkpoint was not saved')
      })
    }, PERIOD_MS).unref()
  }

  /** Save the last offer now. @throws PackedError what the metadata store and the log throw. */
  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const saving = this.#saving.then(() => this.#save())
    this.#saving = saving.catch(() => {})
    return saving
  }

  /** Save nothing more, after what is being saved. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#next = undefined
    await this.#saving
  }

  async #save(): Promise<void> {
    const next = this.#next
    if (next === undefined) return
    const { metaWriter, log } = this.#options
    await metaWriter.updateChannelCheckpoint(next.position, next.sequences)
    this.#saved = next.position
    if (this.#next === next) this.#next = undefined
    await log.acknowledge(next.position)
  }
}
