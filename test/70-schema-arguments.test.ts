/** What is no schema, no segment and no column is refused by name, whatever took it. */
import {
  allFields,
  convertSegment,
  convertToArrowSchema,
  deriveSchema,
  exportForMilvusImport,
  InsertData,
  primaryKeyField,
  segmentStats,
  splitByDefaultPolicies,
  splitBySchema,
  verifySegment,
  withSystemFields,
} from '../lib/index.js'
import { recordCollection } from './support/records.js'
import { rejection } from './support/rejection.js'

const wrong = { fields: 'id' } as never

test.each<[string, () => unknown]>([
  ['allFields', () => allFields(wrong)],
  ['withSystemFields', () => withSystemFields(wrong)],
  ['primaryKeyField', () => primaryKeyField(wrong)],
  ['convertToArrowSchema', () => convertToArrowSchema(wrong)],
  ['splitBySchema', () => splitBySchema(wrong)],
  ['splitByDefaultPolicies', () => splitByDefaultPolicies(wrong)],
  ['InsertData', () => new InsertData(wrong)],
])('%s takes a collection schema', async (_, call) => {
  const error = await rejection(async () => call())
  expect(error.code).toBe('InvalidArgument')
  expect(error.message).toBe(
    'Expected a collection schema (createCollectionSchema makes one) for schema but received an object (Object)',
  )
})

test.each<[string, () => unknown, string]>([
  ['segmentStats', () => segmentStats(undefined as never), 'segment'],
  ['deriveSchema', () => deriveSchema(undefined as never, {} as never), 'segment'],
  ['verifySegment', () => verifySegment(undefined as never), 'verifySegment'],
  ['convertSegment', () => convertSegment({} as never), 'source'],
  ['an export', () => exportForMilvusImport(undefined as never), 'exportForMilvusImport'],
  ['a backup', () => exportForMilvusImport({ form: 'backup', source: {} } as never), 'segments'],
  ['bulk rows', () => exportForMilvusImport({ form: 'bulk' } as never), 'schema'],
])('%s says what it lacks', async (_, call, name) => {
  const error = await rejection(async () => call())
  expect(error.code).toBe('InvalidArgument')
  expect(error.message).toContain(name)
})

const gone = <View extends ArrayBufferView>(view: View): View => {
  structuredClone(view, { transfer: [view.buffer as ArrayBuffer] })
  return view
}

test.each([
  ['a typed array', { id: gone(new BigInt64Array(2)) }, 'id'],
  ['vectors', { vector: gone(new Float32Array(8)) }, 'vector'],
  ['bytes', { title: { offsets: new Int32Array(3), bytes: gone(new Uint8Array(2)) } }, 'title'],
  [
    'validity',
    { count: { values: new Int32Array(2), validity: gone(new Uint8Array(1)) } },
    'count',
  ],
])('a column of %s that was transferred away is Detached', async (_, column, field) => {
  const data = new InsertData(recordCollection())
  const whole = {
    RowID: new BigInt64Array(2),
    Timestamp: new BigInt64Array(2),
    id: new BigInt64Array(2),
    vector: new Float32Array(8),
    count: new Int32Array(2),
    title: ['a', 'b'],
  }
  const error = await rejection(async () => data.appendColumns({ ...whole, ...column }))
  expect(error).toMatchObject({ code: 'Detached', field })
  expect(data.rowCount).toBe(0)
  data.appendColumns(whole)
  expect(data.rowCount).toBe(2)
})
