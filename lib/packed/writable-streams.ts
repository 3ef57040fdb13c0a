import { Writable } from 'node:stream'
import { WritableStream, type WritableStreamDefaultController } from 'node:stream/web'
import type { RecordBatch, Table } from 'apache-arrow'
import type { BatchInput } from './batch-input.js'

/** Objects that wait in a Node stream at most, however small they are. */
const MOST_WAITING = 1024

/** The writer behind a stream. */
export interface BatchConsumer {
  write(input: BatchInput): Promise<void>
  /** Publish. */
  finish(): Promise<unknown>
  /** Stop what is at work and publish nothing; waits until the files are gone. Idempotent. */
  abandon(): Promise<void>
}

/** Bytes that a batch or a table keeps alive; 1 for what they are not known of. */
function bytesOf(input: unknown): number {
  const { data, batches } = (input ?? {}) as Partial<RecordBatch> & Partial<Table>
  if (Array.isArray(batches)) {
    return batches.reduce((bytes: number, batch: unknown) => bytes + bytesOf(batch), 1)
  }
  const bytes = (data as { byteLength?: unknown } | undefined)?.byteLength
  return typeof bytes === 'number' && bytes >= 1 ? bytes : 1
}

/**
 * A stream in object mode that is full when batches of `bufferBytes` wait in it, not when so many
 * objects do: Node counts objects, so this counts beside it.
 */
class BatchWritable extends Writable {
  readonly #consumer: BatchConsumer
  readonly #bufferBytes: number
  /** Of every batch that waits or is being written, in their order. */
  readonly #sizes: number[] = []
  #waitingBytes = 0
  #isFull = false

  constructor(consumer: BatchConsumer, bufferBytes: number) {
    super({ objectMode: true, highWaterMark: MOST_WAITING })
    this.#consumer = consumer
    this.#bufferBytes = bufferBytes
  }

  override write(chunk: unknown, ...others: unknown[]): boolean {
    // What is refused is not counted: it never comes to `_write`.
    if (this.writable && chunk !== null) {
      const bytes = bytesOf(chunk)
      this.#sizes.push(bytes)
      this.#waitingBytes += bytes
    }
    const hasRoom = super.write(chunk, ...(others as [BufferEncoding]))
    if (this.#waitingBytes >= this.#bufferBytes) this.#isFull = true
    return hasRoom && !this.#isFull
  }

  override _write(chunk: BatchInput, _: BufferEncoding, done: (error?: Error) => void): void {
    this.#consumer.write(chunk).then(() => {
      this.#waitingBytes -= this.#sizes.shift()!
      done()
      this.#drain()
    }, done)
  }

  override _final(done: (error?: Error) => void): void {
    this.#consumer.finish().then(() => done(), done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#consumer.abandon().then(
      () => done(error),
      (failure: Error) => done(error ?? failure),
    )
  }

  /** Where Node's own count was reached, too, 'drain' comes twice, which tells nobody a lie. */
  #drain(): void {
    if (!this.#isFull || this.#waitingBytes > 0 || this.destroyed) return
    this.#isFull = false
    if (!this.writableEnded) this.emit('drain')
  }
}

/** A Node stream into a writer. */
export function writableOf(consumer: BatchConsumer, bufferBytes: number): Writable {
  return new BatchWritable(consumer, bufferBytes)
}

/** A WHATWG stream into a writer, with `bufferBytes` as its high-water mark. */
export function writableStreamOf(
  consumer: BatchConsumer,
  bufferBytes: number,
): WritableStream<BatchInput> {
  return new WritableStream<BatchInput>(
    {
      // At once: `abort` below waits for the write that it is to stop.
      start(controller) {
        const { signal } = controller as WritableStreamDefaultController & { signal: AbortSignal }
        signal.addEventListener('abort', () => void consumer.abandon(), { once: true })
      },
      write: (input) => consumer.write(input),
      close: async () => {
        await consumer.finish()
      },
      abort: () => consumer.abandon(),
    },
    { highWaterMark: bufferBytes, size: bytesOf },
  )
}
