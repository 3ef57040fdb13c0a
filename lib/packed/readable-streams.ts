import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { type RecordBatch, RecordBatchStreamWriter, type Schema } from 'apache-arrow'

/** Batches one by one, as the streams of this module ask for them. */
export interface BatchProducer {
  readonly schema: Schema
  /** The next batch, which nobody releases behind the stream's back, or null at the end. */
  next(): Promise<RecordBatch | null>
  /** Wait for the calls before it, then close the files. Idempotent. */
  close(): Promise<void>
}

/** What destroys a stream: closes the reader, unless it was read to its end. */
function closing(producer: BatchProducer) {
  return function (this: Readable, error: Error | null, done: (error: Error | null) => void): void {
    const closed = this.readableEnded ? Promise.resolve() : producer.close()
    closed.then(
      () => done(error),
      (failure: Error) => done(error ?? failure),
    )
  }
}

/**
 * An object-mode stream of the batches, one of them waiting at most. Destroying it closes the
 * reader before 'close' is emitted, and so does a failure; reading it to its end does not.
 */
export function readableOf(producer: BatchProducer): Readable {
  return new Readable({
    objectMode: true,
    highWaterMark: 1,
    read() {
      producer.next().then(
        (batch) => this.push(batch),
        (error: Error) => this.destroy(error),
      )
    },
    destroy: closing(producer),
  })
}

/**
 * A WHATWG stream of the batches, which reads when it is asked and keeps none. Cancelling it
 * closes the reader, and so does a failure; reading it to its end does not.
 */
export function readableStreamOf(producer: BatchProducer): ReadableStream<RecordBatch> {
  return new ReadableStream<RecordBatch>(
    {
      async pull(controller) {
        try {
          const batch = await producer.next()
          if (batch === null) controller.close()
          else controller.enqueue(batch)
        } catch (error) {
          await producer.close()
          throw error
        }
      },
      cancel: () => producer.close(),
    },
    { highWaterMark: 0 },
  )
}

/** Shorter parts of messages are joined; a chunk of its own costs more than a copy of them. */
const JOINED_BYTES = 16 << 10

/** Hands out the messages of an Arrow IPC stream as they are made. */
class MessageWriter extends RecordBatchStreamWriter {
  #parts: Uint8Array[] = []

  /** What was written since the call before, wide columns where they lie. */
  take(): Uint8Array[] {
    const chunks: Uint8Array[] = []
    let short: Uint8Array[] = []
    const join = (): void => {
      if (short.length > 0) chunks.push(Buffer.concat(short))
      short = []
    }
    for (const part of this.#parts) {
      if (part.byteLength < JOINED_BYTES) {
        short.push(part)
      } else {
        join()
        chunks.push(part)
      }
    }
    join()
    this.#parts = []
    return chunks
  }

  protected override _write(chunk: ArrayBufferView): this {
    if (this._started && chunk.byteLength > 0) {
      this.#parts.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength))
      this._position += chunk.byteLength
    }
    return this
  }
}

async function* messagesOf(producer: BatchProducer): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = new MessageWriter({ autoDestroy: false })
  writer.reset(undefined, producer.schema)
  yield* writer.take()
  for (let batch = await producer.next(); batch !== null; batch = await producer.next()) {
    writer.write(batch)
    yield* writer.take()
  }
  writer.finish()
  yield* writer.take()
}

/**
 * The bytes of an Arrow IPC stream of the batches, uncompressed and without a copy of wide columns.
 * A batch is read when the bytes before it are taken. Ends and failures as `readableOf`.
 */
export function ipcReadableOf(producer: BatchProducer): Readable {
  const messages = messagesOf(producer)
  return new Readable({
    read() {
      messages.next().then(
        ({ done, value }) => this.push(done ? null : value),
        (error: Error) => this.destroy(error),
      )
    },
    destroy: closing(producer),
  })
}
