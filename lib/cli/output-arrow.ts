import { type RecordBatch, RecordBatchStreamWriter, type Schema } from 'apache-arrow'
import { MessageSink } from '../data/index.js'

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
