import { create, toBinary } from '@bufbuild/protobuf'
import {
  type Data,
  Field,
  Int64,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Utf8,
} from 'apache-arrow'
import { type DeleteData, MessageSink } from '../../data/index.js'
import { PackedError } from '../../errors/index.js'
import type { Breather } from '../breather.js'
import type { Message } from '../message.js'
import { checksumOf } from './checksum.js'
import { type Group, GroupSchema, MessageHeadSchema } from './proto/message_log_pb.js'
import type { EncodedMessage } from './record-frame.js'

/** A message is read back in one piece. */
const MOST_MESSAGE_BYTES = 1 << 30
/** Parts up to this size are joined: a system call takes long for many of them. */
const SMALL_BYTES = 4096
const JOINED_BYTES = 256 << 10
/** Keys between two looks at the clock. */
const BREATH_KEYS = 1024

/** Columns of deletes in the log. */
const KEY_FIELDS = {
  int64: new Field('pk', new Int64(), false),
  varchar: new Field('pk', new Utf8(), false),
}
const TIME_FIELD = new Field('ts', new Int64(), false)

/**
 * The body of a message's record. Its larger parts view the memory of the message, which must
 * stay as it is until the record is written.
 *
 * @throws PackedError InvalidArgument for a message of more than 1 GiB.
 */
export async function encodeMessage(message: Message, breather: Breather): Promise<EncodedMessage> {
  await breather.pause()
  const streams: Uint8Array[] = []
  const head = create(MessageHeadSchema, {
    source: message.source,
    sequence: message.sequence,
    timestamp: message.timestamp,
  })
  const add = (
    into: Group[],
    ids: { partitionId: bigint; segmentId?: bigint },
    batch?: RecordBatch,
  ) => {
    const parts = batch === undefined ? [] : streamOf(batch)
    for (const part of parts) streams.push(part)
    into.push(create(GroupSchema, { ...ids, streamBytes: BigInt(bytesOf(parts)) }))
  }
  for (const { partitionId, segmentId, record } of message.inserts) {
    add(head.inserts, { partitionId, segmentId }, record.toBatch())
    await breather.pause()
  }
  for (const { partitionId, data } of message.deletes) {
    add(head.deletes, { partitionId }, await batchOfDeletes(data, breather))
  }
  const headMessage = toBinary(MessageHeadSchema, head)
  const padding = new Uint8Array(-headMessage.length & 7)
  const parts = joinSmall([headMessage, padding, ...streams])
  const bodyBytes = bytesOf(parts)
  if (bodyBytes > MOST_MESSAGE_BYTES) throw tooLarge(message, bodyBytes)
  return {
    timestamp: message.timestamp,
    parts,
    headBytes: headMessage.length,
    bodyBytes,
    bodyCrc: await checksumOf(parts),
  }
}

function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.byteLength, 0)
}

function tooLarge({ source, sequence }: Message, bytes: number): PackedError {
  const what = `message ${sequence} of "${source}"`
  const text = `Expected at most ${MOST_MESSAGE_BYTES} bytes for ${what} but received ${bytes}`
  return new PackedError('InvalidArgument', text)
}

/** An Arrow IPC stream of one batch; all its parts together are a multiple of 8 bytes. */
function streamOf(batch: RecordBatch): Uint8Array[] {
  const sink = new MessageSink()
  const writer = new RecordBatchStreamWriter({ autoDestroy: false })
  writer.reset(sink, batch.schema)
  writer.write(batch)
  writer.finish()
  return sink.take()
}

/** Undefined for no deletes: of those nobody knows what the keys are. */
async function batchOfDeletes(
  { keys, keyKind, timestamps }: DeleteData,
  breather: Breather,
): Promise<RecordBatch | undefined> {
  if (keyKind === undefined || timestamps.length === 0) return undefined
  const keyColumn =
    keys instanceof BigInt64Array
      ? makeData({ type: new Int64(), data: keys })
      : await textColumn(keys, breather)
  const schema = new Schema([KEY_FIELDS[keyKind], TIME_FIELD])
  const children = [keyColumn, makeData({ type: new Int64(), data: timestamps })]
  const type = new Struct(schema.fields)
  const length = timestamps.length
  return new RecordBatch(schema, makeData({ type, length, nullCount: 0, children }))
}

async function textColumn(texts: readonly string[], breather: Breather): Promise<Data<Utf8>> {
  const valueOffsets = new Int32Array(texts.length + 1)
  const encoded: Buffer[] = []
  let bytes = 0
  for (const [row, text] of texts.entries()) {
    if (row % BREATH_KEYS === 0) await breather.pause()
    const value = Buffer.from(text)
    encoded.push(value)
    bytes += value.length
    valueOffsets[row + 1] = bytes
  }
  const data = Buffer.concat(encoded, bytes)
  return makeData({ type: new Utf8(), length: texts.length, nullCount: 0, valueOffsets, data })
}

/** The same bytes, runs of small parts copied into one each. */
function joinSmall(parts: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = []
  let run: Uint8Array[] = []
  let runBytes = 0
  const endRun = (): void => {
    if (runBytes > 0) joined.push(Buffer.concat(run, runBytes))
    run = []
    runBytes = 0
  }
  for (const part of parts) {
    if (part.byteLength > SMALL_BYTES) {
      endRun()
      joined.push(part)
      continue
    }
    run.push(part)
    runBytes += part.byteLength
    if (runBytes >= JOINED_BYTES) endRun()
  }
  endRun()
  return joined
}
