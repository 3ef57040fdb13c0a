import { totalmem } from 'node:os'
import { constrainedMemory } from 'node:process'
import {
  expectBoolean,
  expectInteger,
  expectKnownKeys,
  expectObject,
  unexpected,
} from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import { SerialQueue } from '../../packed/index.js'
import { type Logger, SILENT } from '../../telemetry/index.js'
import type { WriteBuffer } from './write-buffer.js'

/** Options of a {@link WriteBufferManager}. A name that is not listed here is InvalidArgument. */
export interface WriteBufferManagerOptions {
  /** Look at the memory at all; on by default. */
  forceSync?: boolean
  /** Memory that the watermark is a part of; by default the machine's or container's. */
  totalBytes?: number
  /** Part of it that buffered data may take; default 0.5. */
  watermark?: number
  /** Buffers that are synced at a time; default 1. */
  evictSegments?: number
  /** Time between two looks; default 3 s. */
  checkIntervalMs?: number
  /** Nothing is said by default. */
  logger?: Logger
}

const KNOWN = ['forceSync', 'totalBytes', 'watermark', 'evictSegments', 'checkIntervalMs', 'logger']

/**
 * The write buffers of several channels, which share memory: when they hold too much of it, the
 * largest channel syncs its oldest segments.
 */
export class WriteBufferManager {
  readonly #buffers = new Map<string, WriteBuffer>()
  readonly #limitBytes: number
  readonly #evictSegments: number
  readonly #logger: Logger
  readonly #timer: NodeJS.Timeout | undefined
  readonly #passes = new SerialQueue()
  readonly #end = new AbortController()

  /** @throws PackedError InvalidArgument. */
  constructor(options: WriteBufferManagerOptions = {}) {
    const given = expectObject(options, 'the options of WriteBufferManager')
    expectKnownKeys(given, KNOWN, 'WriteBufferManager')
    const memory = Math.min(totalmem(), constrainedMemory() || Number.POSITIVE_INFINITY)
    const total = expectInteger(given.totalBytes, 'totalBytes', { min: 1, fallback: memory })
    this.#limitBytes = total * expectPart(given.watermark ?? 0.5)
    const one = { min: 1, fallback: 1 }
    this.#evictSegments = expectInteger(given.evictSegments, 'evictSegments', one)
    this.#logger = options.logger ?? SILENT
    const range = { min: 1, fallback: 3000 }
    const intervalMs = expectInteger(given.checkIntervalMs, 'checkIntervalMs', range)
    if (!expectBoolean(given.forceSync, 'forceSync', true)) return
    this.#timer = setInterval(() => void this.checkMemory(), intervalMs).unref()
  }

  /** Buffered in all channels. */
  get bufferedBytes(): number {
    let bytes = 0
    for (const buffer of this.#buffers.values()) bytes += buffer.bufferedBytes
    return bytes
  }

  /** @throws PackedError AlreadyExists (the channel has a buffer), Closed. */
  add(buffer: WriteBuffer): void {
    this.#expectOpen('add')
    const { channelName } = buffer
    if (this.#buffers.has(channelName)) {
      const message = `Expected a new channel for add() but received "${channelName}", which has a buffer`
      throw new PackedError('AlreadyExists', message)
    }
    this.#buffers.set(channelName, buffer)
  }

  /** The buffer of a channel. @throws PackedError NotFound. */
  get(channelName: string): WriteBuffer {
    const buffer = this.#buffers.get(channelName)
    if (buffer !== undefined) return buffer
    const message = `Expected a channel with a write buffer but received "${channelName}"`
    throw new PackedError('NotFound', message)
  }

  /** Forget a channel; its buffer stays open. */
  remove(channelName: string): void {
    this.#buffers.delete(channelName)
  }

  /**
   * Have the largest channel sync its oldest segments, and wait for that, for as long as too much
   * is buffered and a sync makes it less. Calls run one after the other. Never fails.
   */
  checkMemory(): Promise<void> {
    return this.#passes.run(() => this.#evict())
  }

  /** Close all buffers. Idempotent. @throws what the first of them throws. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#end.abort()
    const buffers = [...this.#buffers.values()]
    this.#buffers.clear()
    await Promise.all(buffers.map((buffer) => buffer.close()))
    await this.#passes.run(async () => {})
  }

  async #evict(): Promise<void> {
    const { signal } = this.#end
    for (let bytes = this.bufferedBytes; bytes >= this.#limitBytes; ) {
      const [largest] = [...this.#buffers.values()].sort(byBytes)
      if (largest === undefined || signal.aborted) return
      try {
        await largest.evictBuffer(this.#evictSegments, { signal })
      } catch (error) {
        // The buffer tells its owner of failures: memory cannot be had from it.
        this.#logger.warn({ err: error, channel: largest.channelName }, 'nothing was evicted')
        return
      }
      const now = this.bufferedBytes
      if (now >= bytes) return
      bytes = now
    }
  }

  #expectOpen(method: string): void {
    if (!this.#end.signal.aborted) return
    const message = `Expected an open write buffer manager for ${method}() but it is closed`
    throw new PackedError('Closed', message)
  }
}

function byBytes(left: WriteBuffer, right: WriteBuffer): number {
  return right.bufferedBytes - left.bufferedBytes
}

function expectPart(value: unknown): number {
  if (typeof value === 'number' && value > 0 && value <= 1) return value
  throw unexpected('a number above 0, up to 1', 'watermark', value)
}
