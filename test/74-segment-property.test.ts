/** Every data type through InsertData, the files of a segment, and SegmentReader. */
import { join } from 'node:path'
import fc from 'fast-check'
import { InsertData, rowsOf } from '../lib/data/index.js'
import { createCollectionSchema, withSystemFields } from '../lib/schema/index.js'
import { locateSegment, SegmentReader, verifySegment } from '../lib/segment/index.js'
import type { LocalChunkManager } from '../lib/storage/index.js'
import { inputOf, segmentCase, visibleRows } from './support/arbitrary-segment.js'
import type { Row } from './support/every-type.js'
import { segmentIn } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const SEED = Number(process.env.ARROW_PACKED_SEED ?? 20260131)
const directory = temporaryDirectory('segment-property')
let round = 0

async function readBack(
  chunkManager: LocalChunkManager,
  options: { readTimestamp?: number; batchRows?: number } = {},
): Promise<Row[]> {
  const segment = await locateSegment({ chunkManager, segmentId: 3 })
  const schema = segment.schema!
  const { binlogs, deltalogs } = segment
  const reader = await SegmentReader.open({
    ...{ schema, binlogs, deltalogs, chunkManager, systemFields: true },
    ...options,
  })
  const rows: Row[] = []
  for await (const batch of reader) rows.push(...rowsOf(batch, schema, { copy: true }))
  return rows
}

test('rows of every type, nulls, several chunks, deletes and read timestamps', async () => {
  const property = fc.asyncProperty(segmentCase, async (given) => {
    const { schema, storageVersion, readTimestamp, batchRows } = given
    const root = join(directory, `case-${round++}`)
    const { chunkManager } = await segmentIn(root, [], {
      schema,
      storageVersion,
      ...inputOf(given),
    })
    const bound = readTimestamp === undefined ? {} : { readTimestamp }
    expect(await readBack(chunkManager, { batchRows, ...bound })).toEqual(visibleRows(given))
    const segment = await locateSegment({ chunkManager, segmentId: 3 })
    const { problems } = await verifySegment({ chunkManager, segment })
    expect(problems).toEqual([])
  })
  await fc.assert(property, { numRuns: 40, seed: SEED })
}, 120_000)

/** Numbers of a vector, any bits: NaN of every kind, infinities and subnormals among them. */
function randomBytes(bytes: number, seed: number): Uint8Array {
  let state = seed | 1
  return Uint8Array.from({ length: bytes }, () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9
    return state >>> 24
  })
}

test.each([1, 2, 7, 768, 4096])('vectors of dimension %d, bit by bit', async (dim) => {
  const schema = withSystemFields(
    createCollectionSchema({
      name: 'vectors',
      fields: [
        { name: 'id', dataType: 'Int64', isPrimaryKey: true },
        { name: 'f32', dataType: 'FloatVector', dim },
        { name: 'f16', dataType: 'Float16Vector', dim, nullable: true },
        { name: 'bf16', dataType: 'BFloat16Vector', dim },
        { name: 'i8', dataType: 'Int8Vector', dim, nullable: true },
        { name: 'bits', dataType: 'BinaryVector', dim: dim * 8 },
      ],
    }),
  )
  const rows = Array.from({ length: 30 }, (_, id): Row => {
    const bytes = (width: number) => randomBytes(width * dim, id * 31 + width).buffer
    return {
      ...{ RowID: BigInt(id), Timestamp: 1n, id: BigInt(id) },
      f32: new Float32Array(bytes(4)),
      f16: id % 4 === 0 ? null : new Uint16Array(bytes(2)),
      bf16: new Uint16Array(bytes(2)),
      i8: id % 3 === 0 ? null : new Int8Array(bytes(1)),
      bits: new Uint8Array(bytes(1)),
    }
  })
  for (const storageVersion of [0, 2] as const) {
    const root = join(directory, `dim-${dim}-${storageVersion}`)
    const data = [InsertData.fromRows(schema, rows)]
    const { chunkManager } = await segmentIn(root, data, { schema, storageVersion })
    const read = await readBack(chunkManager)
    const bitsOf = (row: Row) =>
      Object.values(row).map((value) =>
        ArrayBuffer.isView(value)
          ? Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')
          : value,
      )
    expect(read.map(bitsOf)).toEqual(rows.map(bitsOf))
  }
})
