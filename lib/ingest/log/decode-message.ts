import { fromBinary } from '@bufbuild/protobuf'
import { type Data, type RecordBatch, RecordBatchReader, type Utf8, Vector } from 'apache-arrow'
import { DeleteData } from '../../data/index.js'
import { SimpleArrowRecord } from '../../schema/index.js'
import type { Breather } from '../breather.js'
import type { Message } from '../message.js'
import { MessageHeadSchema } from './proto/message_log_pb.js'

/** Deletes between two looks at the clock. */
const BREATH_ROWS = 1024

/** A message of a record's body, whose memory its columns view. */
export async function decodeMessage(
  body: Uint8Array,
  headBytes: number,
  breather: Breather,
): Promise<Message> {
  const head = fromBinary(MessageHeadSchema, body.subarray(0, headBytes))
  let at = (headBytes + 7) & ~7
  const nextBatch = (streamBytes: bigint): RecordBatch => {
    const stream = body.subarray(at, at + Number(streamBytes))
    at += stream.byteLength
    return RecordBatchReader.from(stream).next().value!
  }
  const message: Message = {
    source: head.source,
    sequence: head.sequence,
    timestamp: head.timestamp,
    inserts: head.inserts.map(({ partitionId, segmentId, streamBytes }) => ({
      partitionId,
      segmentId,
      record: new SimpleArrowRecord(nextBatch(streamBytes)),
    })),
    deletes: head.deletes.map(({ partitionId }) => ({ partitionId, data: new DeleteData() })),
  }
  for (const [index, { streamBytes }] of head.deletes.entries()) {
    if (streamBytes === 0n) continue
    await fillDeletes(message.deletes[index]!.data, nextBatch(streamBytes), breather)
  }
  return message
}

async function fillDeletes(into: DeleteData, batch: RecordBatch, breather: Breather) {
  const [keyColumn, timeColumn] = batch.data.children as [Data, Data]
  const timestamps = timeColumn.values as BigInt64Array
  const keys =
    into64(keyColumn) ?? (new Vector([keyColumn as Data<Utf8>]).toJSON() as readonly string[])
  for (let row = 0; row < batch.numRows; row += BREATH_ROWS) {
    const end = Math.min(row + BREATH_ROWS, batch.numRows)
    into.appendColumns(keys.slice(row, end), timestamps.subarray(row, end))
    await breather.pause()
  }
}

function into64({ values }: Data): BigInt64Array | undefined {
  return values instanceof BigInt64Array ? values : undefined
}
