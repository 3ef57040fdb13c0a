import { SerialQueue } from '../../packed/index.js'
import type { Allocator, ChannelPosition } from '../../sync/index.js'
import type { PipelineMeter } from '../../telemetry/index.js'
import type { Message } from '../message.js'
import type { MessageLog } from '../message-source.js'
import { IdBlock } from './id-block.js'
import type { BuiltMessage, MessageBuilder } from './message-builder.js'
import type { WriteResult } from './message-input.js'
import type { Assignment, SegmentAssigner } from './segment-assigner.js'
import type { TakenMessage } from './take-message.js'

/** What a lane needs of its worker. */
export interface AcceptLaneOptions {
  readonly log: MessageLog
  readonly allocator: Allocator
  readonly assigner: SegmentAssigner
  readonly meter: PipelineMeter
  builder(): MessageBuilder
  /** Where rows go that name no partition. */
  readonly partitionId: bigint
  /** Of the messages that were buffered. */
  lastSequence(source: string): bigint | undefined
  /** A message is in the log; called in the order of the log. */
  buffer(message: Message, position: ChannelPosition): void
  /** How an append ended; undefined for well. */
  onLogged(error?: unknown): void
}

/** A message that is being logged. */
interface UnderWay {
  readonly source: string
  readonly sequence: bigint
  readonly accepted: Promise<WriteResult>
}

const REPEATED: WriteResult = { repeated: true }

/**
 * Brings messages into the log and then into the write buffer, in the order of the calls.
 *
 * Messages are made one after the other; their appends overlap, so that many share one fsync.
 */
export class AcceptLane {
  readonly #options: AcceptLaneOptions
  readonly #queue = new SerialQueue()
  readonly #rowIds: IdBlock
  /** Oldest first. */
  readonly #underWay: UnderWay[] = []

  constructor(options: AcceptLaneOptions) {
    this.#options = options
    this.#rowIds = new IdBlock(options.allocator)
  }

  /** @throws PackedError what building, the allocator and the log throw; nothing is kept then. */
  async accept(message: TakenMessage): Promise<WriteResult> {
    // In an object, as the next message is not to wait until this one is accepted.
    const { accepted } = await this.#queue.run(() => this.#hand(message))
    return accepted
  }

  /** Run `operation` when every message before it is buffered, and before any after it. */
  exclusive<T>(operation: () => T | Promise<T>): Promise<T> {
    return this.#queue.run(async () => {
      await Promise.allSettled(this.#underWay.map(({ accepted }) => accepted))
      return operation()
    })
  }

  async #hand(message: TakenMessage): Promise<{ accepted: Promise<WriteResult> }> {
    const repeated = this.#repeated(message)
    if (repeated !== undefined) return { accepted: repeated }
    message.signal?.throwIfAborted()
    const { allocator, assigner, partitionId } = this.#options
    const timestamp = await allocator.allocateTimestamp()
    const built = await this.#options
      .builder()
      .build(message, timestamp, (count) => this.#rowIds.take(count))
    const { numRows = 0, bytes = 0 } = message.rows ?? {}
    const target = message.partitionId ?? partitionId
    const assignment = numRows === 0 ? undefined : await assigner.assign(target, numRows, bytes)
    const logged = messageOf(message, { timestamp, built, partitionId: target, assignment })
    return { accepted: this.#append(logged, assignment) }
  }

  #append(message: Message, assignment: Assignment | undefined): Promise<WriteResult> {
    const { log, buffer, onLogged, meter } = this.#options
    const { source, sequence, timestamp } = message
    const start = performance.now()
    const leave = (): void => {
      this.#underWay.splice(this.#underWay.indexOf(entry), 1)
    }
    const accepted = log.append(message).then(
      (position) => {
        leave()
        onLogged()
        buffer(message, position)
        assignment?.buffered()
        meter.record('log.append', (performance.now() - start) / 1000)
        return { repeated: false, position, timestamp }
      },
      (error: unknown) => {
        leave()
        onLogged(error)
        assignment?.dropped()
        throw error
      },
    )
    const entry: UnderWay = { source, sequence, accepted }
    this.#underWay.push(entry)
    return accepted
  }

  /** A repeat of a message that is being logged is accepted when, and only if, that one is. */
  #repeated({ source, sequence }: TakenMessage): Promise<WriteResult> | undefined {
    const last = this.#options.lastSequence(source)
    if (last !== undefined && sequence <= last) return Promise.resolve(REPEATED)
    const twin = this.#underWay.find(
      (other) => other.source === source && other.sequence >= sequence,
    )
    return twin?.accepted.then(() => REPEATED)
  }
}

function messageOf(
  { source, sequence }: TakenMessage,
  parts: {
    timestamp: bigint
    built: BuiltMessage
    partitionId: bigint
    assignment: Assignment | undefined
  },
): Message {
  const { timestamp, built, partitionId, assignment } = parts
  const { records, deletes } = built
  return {
    source,
    sequence,
    timestamp,
    inserts: records.map((record) => ({
      partitionId,
      segmentId: assignment?.segmentId ?? 0n,
      record,
    })),
    deletes,
  }
}
