import { expectOnlySignal } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import type { ChunkOptions } from '../../storage/index.js'
import type { ChannelPosition } from '../../sync/index.js'
import { publishStage } from '../../telemetry/index.js'
import { Breather } from '../breather.js'
import type { LoggedMessage, Message } from '../message.js'
import type { MessageLog } from '../message-source.js'
import { AppendQueue } from './append-queue.js'
import { DiskSync } from './disk-sync.js'
import { HEADER_BYTES } from './file-header.js'
import type { KeptFiles } from './kept-files.js'
import type { LogFile } from './log-file.js'
import {
  type CheckedLogOptions,
  expectLogOptions,
  type SegmentedLogOptions,
} from './log-options.js'
import { type ActiveFile, beginFile, openFiles } from './open-files.js'
import { messagesOf } from './read-messages.js'
import { type EncodedMessage, encodeFrame, FRAME_BYTES } from './record-frame.js'

/** What `SegmentedLog.open` found. */
export interface RecoveredLog {
  /** Bytes behind the last whole record, which a crash left and which were cut. */
  readonly tornBytes: number
  /** The file they were in; undefined for none. */
  readonly tornFile: string | undefined
  /** Of the last message of the log, also when it is no longer kept; 0 where there was none. */
  readonly lastMessageId: bigint
}

/**
 * A log in files of a local directory, each called after its first message.
 *
 * An accepted message survives the end of the process, however that comes, with every `fsync`.
 * A power loss, or the end of the operating system, it survives
 * - with 'always': always. Messages that come while the disk works share the next fdatasync.
 * - with 'interval': when it was accepted `fsyncIntervalMs` and one fdatasync before.
 * - with 'never': when `durable` was called for it or a later one, or its file is full.
 *
 * A record that was being written when the process ended is cut at the next `open`. So is a record
 * that a power loss left damaged, unless a whole one follows it: that is damage that nobody may
 * skip, and `open` fails.
 *
 * A write that fails is taken back: it is as if the append had never been, and later ones may
 * succeed. A failed fdatasync is different: nobody knows what of the file the system has given
 * up, and a second call might report success for what is lost. The log then takes nothing more
 * (Closed) until it is opened again, which reads what there is.
 *
 * Who opens it sees to it that nobody else does (`lockDirectory`).
 */
export class SegmentedLog implements MessageLog {
  readonly channelName: string
  readonly recovered: RecoveredLog
  readonly #options: CheckedLogOptions
  readonly #files: KeptFiles
  readonly #queue: AppendQueue
  readonly #disk: DiskSync
  #active: ActiveFile
  /** Readers see messages up to here. */
  #acceptedId: bigint
  #timer: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined

  private constructor(
    options: CheckedLogOptions,
    state: { active: ActiveFile; files: KeptFiles; recovered: RecoveredLog },
  ) {
    this.#options = options
    this.channelName = options.channelName
    this.recovered = state.recovered
    this.#files = state.files
    this.#active = state.active
    this.#acceptedId = state.active.kept.lastMessageId
    const target = () => ({
      lastMessageId: this.#active.kept.lastMessageId,
      sync: () => this.#active.file.sync(),
    })
    this.#disk = new DiskSync(target, this.#acceptedId, options.meter)
    this.#queue = new AppendQueue((group) => this.#writeGroup(group))
  }

  /**
   * @throws PackedError InvalidArgument; FileCorrupted naming file and offset; Conflict for the
   *   log of another channel; NotSupported for one of a newer version; what the disk throws.
   */
  static async open(options: SegmentedLogOptions): Promise<SegmentedLog> {
    const checked = expectLogOptions(options)
    const { active, files, ...recovered } = await openFiles(checked)
    return new SegmentedLog(checked, { active, files, recovered })
  }

  /** What all files of the log take. */
  get sizeBytes(): number {
    return this.#files.sizeBytes
  }

  /**
   * The message's memory must stay as it is until this settles. An abort takes it back unless it
   * is being written.
   *
   * @throws PackedError NoSpace, StorageIO, PermissionDenied, InvalidArgument (more than 1 GiB);
   *   Closed after `close`, and after a failed fdatasync.
   */
  async append(message: Message, options: ChunkOptions = {}): Promise<ChannelPosition> {
    const signal = expectOnlySignal(options, 'append')
    this.#expectOpen()
    this.#disk.expectWorking()
    const sinceMs = performance.now()
    const position = await this.#queue.push(message, signal)
    this.#options.meter.record('log.append', (performance.now() - sinceMs) / 1000)
    return position
  }

  /** @throws PackedError Closed; InvalidArgument for a message that was never accepted. */
  async durable(position: ChannelPosition): Promise<void> {
    this.#expectOpen()
    this.#expectOwn(position)
    if (position.messageId > this.#acceptedId) {
      const message = `Expected a message up to ${this.#acceptedId} but received ${position.messageId}`
      throw new PackedError('InvalidArgument', message)
    }
    await this.#disk.reach(position.messageId)
  }

  async *seek(
    position: ChannelPosition | undefined,
    options: ChunkOptions = {},
  ): AsyncGenerator<LoggedMessage, void, undefined> {
    const signal = expectOnlySignal(options, 'seek')
    this.#expectOpen()
    const after = this.#startOf(position)
    const upTo = this.#acceptedId
    const breather = new Breather()
    const reading = this.#files.read(after)
    try {
      for (let file = reading.next(); file !== undefined; file = reading.next()) {
        if (file.header.firstMessageId > upTo) break
        yield* messagesOf(file, { after, upTo, signal, breather })
      }
    } finally {
      await reading.done()
    }
  }

  async acknowledge(position: ChannelPosition): Promise<void> {
    this.#expectOpen()
    this.#expectOwn(position)
    await this.#files.acknowledge(position.messageId)
  }

  /** Waits for appends under way; what was accepted is on the disk then, but with 'never'. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#queue.drained()
    clearTimeout(this.#timer)
    try {
      if (this.#options.fsync !== 'never') await this.#disk.reach(this.#acceptedId)
    } finally {
      await this.#active.file.close()
    }
  }

  async #writeGroup(group: readonly EncodedMessage[]): Promise<ChannelPosition[]> {
    this.#disk.expectWorking()
    const bytes = group.reduce((sum, { bodyBytes }) => sum + FRAME_BYTES + bodyBytes, 0)
    if (this.#isFull(bytes)) await this.#rotate()
    const { file, kept } = this.#active
    const before = { endOffset: file.endOffset, messageId: kept.lastMessageId }
    const positions = group.map(({ timestamp }, index) => ({
      channelName: this.channelName,
      messageId: before.messageId + BigInt(index) + 1n,
      timestamp,
    }))
    publishStage('log.append.before', () => ({ bytes }))
    await file.append(recordsOf(file, group, positions), bytes)
    publishStage('log.append.after', () => ({ bytes }))
    kept.lastMessageId += BigInt(group.length)
    if (this.#options.fsync === 'always') await this.#syncGroup(before)
    kept.sizeBytes = file.endOffset
    this.#acceptedId = kept.lastMessageId
    this.#options.meter.add('log.bytes', bytes)
    if (this.#options.fsync === 'interval') this.#syncLater()
    return positions
  }

  /** What could not be forced to the disk was not accepted, and is not to be read later on. */
  async #syncGroup(before: { endOffset: number; messageId: bigint }): Promise<void> {
    const { file, kept } = this.#active
    try {
      await this.#disk.reach(kept.lastMessageId)
    } catch (error) {
      kept.lastMessageId = before.messageId
      await file.cut(before.endOffset)
      throw error
    }
  }

  #syncLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#disk.reach(this.#acceptedId).catch((error: unknown) => {
        this.#options.logger.error({ error }, 'could not force the message log to the disk')
      })
    }, this.#options.fsyncIntervalMs).unref()
  }

  #isFull(bytes: number): boolean {
    const { endOffset } = this.#active.file
    return endOffset > HEADER_BYTES && endOffset + bytes > this.#options.segmentBytes
  }

  async #rotate(): Promise<void> {
    publishStage('log.rotate.before')
    const { file, kept } = this.#active
    await this.#disk.reach(kept.lastMessageId)
    this.#active = await beginFile(this.#options, this.#files, kept.lastMessageId + 1n)
    await file.close()
    publishStage('log.rotate.after')
  }

  /** Message behind which a reader starts. */
  #startOf(position: ChannelPosition | undefined): bigint {
    const oldestKept = this.#files.oldest.header.previousMessageId
    if (position === undefined) return oldestKept
    this.#expectOwn(position)
    if (position.messageId >= oldestKept) return position.messageId
    const first = position.messageId + 1n
    const message = `Expected message ${first} in the log but received one that begins behind ${oldestKept}`
    throw new PackedError('NotFound', message, { path: this.#files.oldest.path })
  }

  #expectOwn({ channelName }: ChannelPosition): void {
    if (channelName === this.channelName) return
    const message = `Expected a position of channel "${this.channelName}" but received one of "${channelName}"`
    throw new PackedError('InvalidArgument', message)
  }

  #expectOpen(): void {
    if (this.#closing === undefined) return
    const message = 'Expected an open message log but received one that was closed'
    throw new PackedError('Closed', message, { path: this.#options.directory })
  }
}

function recordsOf(
  { header }: LogFile,
  group: readonly EncodedMessage[],
  positions: readonly ChannelPosition[],
): Uint8Array[] {
  return group.flatMap((encoded, index) => {
    const { messageId } = positions[index]!
    return [encodeFrame(header.marker, { ...encoded, messageId }), ...encoded.parts]
  })
}
