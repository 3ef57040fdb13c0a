import {
  AsyncByteQueue,
  type RecordBatch,
  RecordBatchStreamWriter,
  type Schema,
} from 'apache-arrow'

/** Where apache-arrow's writer puts its messages; its own queue is unbounded and drained late. */
class MessageSink extends AsyncByteQueue {
  #messages: Uint8Array[] = []

  override write(message: Uint8Array): void {
    if (message.byteLength > 0) this.#messages.push(message)
  }

  take(): Uint8Array[] {
    const messages = this.#messages
    this.#messages = []
    return messages
  }
}

/**
 * An Arrow IPC stream. Chunks may view the memory of the batches, which therefore must not be
 * released before they are written.
 */
export async function* arrowChunks(
  batches: AsyncIterable<RecordBatch>,
  schema: Schema,
): AsyncGenerator<Uint8Array> {
  const sink = new MessageSink()
  const writer = new RecordBatchStreamWriter({ autoDestroy: false })
  writer.reset(sink, schema)
  yield* sink.take()
  for await (const batch of batches) {
    writer.write(batch)
    yield* sink.take()
  }
  writer.finish()
  yield* sink.take()
}
