/** Messages of a log that follow from their number, and what of them is to be compared. */
import {
  Field,
  FixedSizeBinary,
  Int64,
  makeData,
  Schema,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { DeleteData } from '../../lib/data/index.js'
import type { Message, MessageSource } from '../../lib/ingest/index.js'
import type { SegmentedLogOptions } from '../../lib/ingest/log/index.js'
import { SimpleArrowRecord } from '../../lib/schema/index.js'
import type { ChannelPosition } from '../../lib/sync/index.js'
import { batchOver } from './records.js'

export const LOG_CHANNEL = 'by-dev-rootcoord-dml_0_1v0'

export function logOptions(
  directory: string,
  options: Partial<SegmentedLogOptions> = {},
): SegmentedLogOptions {
  return { directory, channelName: LOG_CHANNEL, fsync: 'always', ...options }
}

export interface MessageShape {
  groups?: number
  rows?: number
  vectorBytes?: number
  deletes?: number
  keys?: 'int64' | 'text' | 'none'
}

function schemaOf(vectorBytes: number): Schema {
  const field = (
    name: string,
    type: Int64 | Utf8 | FixedSizeBinary,
    id: number,
    nullable = false,
  ) => new Field(name, type, nullable, new Map([['PARQUET:field_id', String(id)]]))
  return new Schema([
    field('id', new Int64(), 100),
    field('vector', new FixedSizeBinary(vectorBytes), 101),
    field('title', new Utf8(), 102, true),
  ])
}

function recordOf(number: number, rows: number, vectorBytes: number): SimpleArrowRecord {
  const ids = BigInt64Array.from({ length: rows }, (_, row) => BigInt(number * 1000 + row))
  const vectors = new Uint8Array(rows * vectorBytes).map((_, at) => (number + at) % 251)
  const titles = Array.from({ length: rows }, (_, row) =>
    row % 3 === 2 ? null : `${number}/${row}`,
  )
  const children = [
    makeData({ type: new Int64(), data: ids }),
    makeData({ type: new FixedSizeBinary(vectorBytes), length: rows, nullCount: 0, data: vectors }),
    rows === 0 ? makeData({ type: new Utf8() }) : vectorFromArray(titles, new Utf8()).data[0]!,
  ]
  return new SimpleArrowRecord(batchOver(schemaOf(vectorBytes), children))
}

function deletesOf(number: number, count: number, keys: MessageShape['keys']): DeleteData {
  const data = new DeleteData()
  for (let i = 0; i < count && keys !== 'none'; i++) {
    data.append(keys === 'text' ? `schlüssel ${number} ${i}` : BigInt(number - i), 5000 + number)
  }
  return data
}

/** Rows of two segments and deletes of all partitions, unless it is asked for less. */
export function logMessage(number: number, shape: MessageShape = {}): Message {
  const { groups = 2, rows = 4, vectorBytes = 16, deletes = 1, keys = 'int64' } = shape
  return {
    source: `source ${number % 3}`,
    sequence: BigInt(number),
    timestamp: BigInt(1_000_000 + number),
    inserts: Array.from({ length: groups }, (_, group) => ({
      partitionId: BigInt(group),
      segmentId: BigInt(10 + group),
      record: recordOf(number + group, rows, vectorBytes),
    })),
    deletes: deletes === 0 ? [] : [{ partitionId: -1n, data: deletesOf(number, deletes, keys) }],
  }
}

/** All values of a message in a form that jest compares. */
export function plainMessage({ inserts, deletes, ...facts }: Message) {
  return {
    ...facts,
    inserts: inserts.map(({ partitionId, segmentId, record }) => ({
      partitionId,
      segmentId,
      fieldIds: [...record.fieldIdToColumn],
      columns: Object.fromEntries(
        record.schema.fields.map(({ name }, index) => [
          name,
          Array.from(record.toBatch().getChildAt(index)!, (value: unknown) =>
            ArrayBuffer.isView(value) ? Buffer.from(value as Uint8Array).toString('hex') : value,
          ),
        ]),
      ),
    })),
    deletes: deletes.map(({ partitionId, data }) => ({
      partitionId,
      keys: [...data.keys],
      timestamps: [...data.timestamps],
    })),
  }
}

export async function collectLog(
  source: MessageSource,
  after?: ChannelPosition,
  signal?: AbortSignal,
): Promise<{ id: bigint; message: ReturnType<typeof plainMessage> }[]> {
  const found: { id: bigint; message: ReturnType<typeof plainMessage> }[] = []
  for await (const { message, position } of source.seek(after, signal && { signal })) {
    found.push({ id: position.messageId, message: plainMessage(message) })
  }
  return found
}
