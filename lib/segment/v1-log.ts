import { Field, Int64, Schema } from 'apache-arrow'
import { type Binlog, type BinlogFile, readBinlog } from '../binlog/index.js'
import { PayloadReader } from '../packed/index.js'
import { FIELD_ID_KEY, ROW_ID_FIELD, TIMESTAMP_FIELD } from '../schema/index.js'
import { bareBinlog } from './bare-binlog.js'
import type { FoundLog, SegmentTree } from './segment-keys.js'

/**
 * Facts of a StorageV1 binlog as its descriptor has them. Rows are only counted where the type of
 * the column is known without a schema: in the logs of the system fields; elsewhere they are 0.
 */
export async function describeV1Log(tree: SegmentTree, log: FoundLog): Promise<Binlog> {
  const { chunkManager, signal } = tree
  // The descriptor is in the clear, whatever the events are.
  let sealed = false
  const decryptor = (): Uint8Array => {
    sealed = true
    return new Uint8Array(0)
  }
  const file = await readBinlog(chunkManager, log.path, { decryptor, signal })
  const { startTimestamp, endTimestamp, extras } = file.descriptor
  const binlog = {
    ...bareBinlog(log),
    timestampFrom: startTimestamp,
    timestampTo: endTimestamp,
    memorySize: extras.originalSize,
  }
  const isSystem = log.fieldId === ROW_ID_FIELD || log.fieldId === TIMESTAMP_FIELD
  if (sealed || !isSystem) return binlog
  return { ...binlog, entriesNum: await countRows(tree, log, file) }
}

async function countRows(
  { chunkManager, signal }: SegmentTree,
  { path, fieldId }: FoundLog,
  { events }: BinlogFile,
): Promise<number> {
  if (events.length === 0) return 0
  const metadata = new Map([[FIELD_ID_KEY, String(fieldId)]])
  const schema = new Schema([new Field('val', new Int64(), false, metadata)])
  const payloads = events.map(({ payload: { offset, length } }) => ({ path, offset, length }))
  const reader = await PayloadReader.open({
    schema,
    columns: [{ payloads }],
    ...(chunkManager.storage === undefined ? {} : { storage: chunkManager.storage }),
    ...(signal === undefined ? {} : { signal }),
  })
  try {
    return reader.numRows
  } finally {
    await reader.close()
  }
}
