import type { RecordBatch, Schema } from 'apache-arrow'
import { flattenBatch, unflattenBatch } from '../cdata/index.js'
import { callAsync, type NativeBatch } from '../native/index.js'
import { importSchema, resolvePolicy } from './stream-settings.js'

/** How the memory of gathered rows is handed out; as in `PackedReaderOptions`. */
export interface GatherOptions {
  copy?: boolean
  maxOutstandingBytes?: number
}

/**
 * Rows of several batches as one: positions count through all batches, and come out in their
 * order, as often as they are named. The batches are lent until the promise settles.
 *
 * @param schema of all batches, which may be none.
 * @throws PackedError InvalidArgument (a position that no row has), InvalidData, Detached,
 *   OutOfMemory.
 */
export async function gatherRows(
  schema: Schema,
  batches: readonly RecordBatch[],
  positions: Float64Array,
  options: GatherOptions = {},
): Promise<RecordBatch> {
  const { policy } = resolvePolicy({ ...options })
  const handle = importSchema(schema)
  const flat = batches.map(flattenBatch)
  const gathered = await callAsync<NativeBatch>((addon, done) =>
    addon.rowsGather(handle, flat, positions, policy, done),
  )
  return unflattenBatch(schema, gathered)
}
