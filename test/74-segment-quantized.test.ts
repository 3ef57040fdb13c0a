/** Segments whose vectors are codes: rewritten, they are decoded as before. */
import { join } from 'node:path'
import { QUANTIZATION_KEY, type QuantizedField, quantizationOf, vectorsOf } from '../lib/index.js'
import { inspectFile } from '../lib/packed/index.js'
import { type CollectionSchema, createCollectionSchema } from '../lib/schema/index.js'
import {
  convertSegment,
  createManifest,
  locateSegment,
  quantizedColumns,
  SegmentReader,
  type SegmentReaderOptions,
} from '../lib/segment/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { compactManifest } from '../lib/sync/index.js'
import { CompactionPlace } from './support/compaction.js'
import { CODES, codesOf, DECODED, SCALE } from './support/quantized-rows.js'
import { rejection } from './support/rejection.js'
import { segmentIn } from './support/segments.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('segment-quantized')
let count = 0
const fresh = () => join(directory, String(count++))

type Place = Omit<SegmentReaderOptions, 'schema'>

/** Ids, and what both fields of codes are decoded to, by `schema` of float vectors. */
async function decoded(place: Place, schema: CollectionSchema = DECODED) {
  const reader = await SegmentReader.open({ ...place, schema })
  const rows: [id: bigint, v: number[], w: number[]][] = []
  for await (const batch of reader) {
    const [v, w] = ['v8', 'w8'].map((name) => vectorsOf(batch, name, { element: 'float32' }))
    const ids = batch.getChild('id')!
    for (let row = 0; row < batch.numRows; row++) {
      const [from, to] = [row * v!.dim, (row + 1) * v!.dim]
      rows.push([ids.get(row), [...v!.data.slice(from, to)], [...w!.data.slice(from, to)]])
    }
  }
  return rows.sort(([left], [right]) => (left < right ? -1 : 1))
}

async function source(quantizedAs?: QuantizedField[]) {
  const { data, quantized } = await codesOf([3, 1, 2, 5, 4])
  const root = fresh()
  const { chunkManager } = await segmentIn(root, [data], {
    schema: CODES,
    quantized: quantizedAs ?? quantized,
  })
  const segment = await locateSegment({ chunkManager, segmentId: 3 })
  return { root, chunkManager, segment, quantized }
}

const placeOf = ({ chunkManager, segment }: Awaited<ReturnType<typeof source>>): Place => ({
  ...{ chunkManager, binlogs: segment.binlogs },
})

const quantizationsBelow = async (root: string) => {
  const paths = filesBelow(root).filter((path) => path.includes('insert_log'))
  const files = await Promise.all(paths.map((path) => inspectFile(path)))
  return files.map(({ metadata }) => quantizationOf(metadata))
}

describe('a converted segment', () => {
  test('is decoded as the one before, and says how', async () => {
    const before = await source()
    const rows = await decoded(placeOf(before))
    expect(rows).toHaveLength(5)
    expect(Math.max(...rows.flatMap(([, v]) => v.map(Math.abs)))).toBeGreaterThan(1)
    const root = fresh()
    const chunkManager = new LocalChunkManager({ rootPath: root })
    const info = await convertSegment({ source: before, target: { chunkManager } })
    expect(await decoded({ chunkManager, binlogs: info.binlogs })).toEqual(rows)
    const said = await quantizationsBelow(root)
    expect(said.length).toBeGreaterThan(0)
    for (const one of said) expect(one).toEqual(before.quantized)
    const place = { chunkManager, binlogs: info.binlogs }
    expect(await quantizedColumns({ ...place, schema: CODES })).toEqual(before.quantized)
    // Decoded ones are no codes.
    expect(await quantizedColumns({ ...place, schema: DECODED })).toEqual([])
  })

  test('in StorageV1 could not say how: refused, unless it is decoded', async () => {
    const before = await source()
    const root = fresh()
    const target = { chunkManager: new LocalChunkManager({ rootPath: root }) }
    const error = await rejection(() =>
      convertSegment({ source: before, target, storageVersion: 0 }),
    )
    expect(error).toMatchObject({ code: 'NotSupported', field: 'v8' })
    expect(error.message).toContain('a FloatVector for field 102')
    expect(filesBelow(root)).toEqual([])
    const options = { source: before, target, storageVersion: 0, schema: DECODED } as const
    const { binlogs } = await convertSegment(options)
    expect(await decoded({ ...target, binlogs })).toEqual(await decoded(placeOf(before)))
  })

  test('without the field of scales is refused', async () => {
    const before = await source()
    const schema = createCollectionSchema({
      name: 'codes',
      fields: [
        { name: 'id', dataType: 'Int64', isPrimaryKey: true, fieldId: 100 },
        { name: 'v8', dataType: 'Int8Vector', dim: 4, fieldId: 102 },
      ],
    })
    const target = { chunkManager: new LocalChunkManager({ rootPath: fresh() }) }
    const error = await rejection(() => convertSegment({ source: before, target, schema }))
    expect(error).toMatchObject({ code: 'InvalidSchema', field: 'v8' })
    expect(error.message).toContain('a Float field of id 103')
  })

  test('that was encrypted is read with its key, and stays encrypted', async () => {
    const encryption = { key: Buffer.from('footer_key_16B__'), keyMetadata: 'somewhere' }
    const keyRetriever = () => encryption.key
    const { data, quantized } = await codesOf([1, 2, 3])
    const { chunkManager, info } = await segmentIn(fresh(), [data], {
      ...{ schema: CODES, quantized, encryption },
    })
    const place = { chunkManager, binlogs: info.binlogs, schema: CODES }
    expect((await rejection(() => quantizedColumns(place))).code).toBe('Encryption')
    expect(await quantizedColumns({ ...place, keyRetriever })).toEqual(quantized)
    const segment = await locateSegment({ chunkManager, segmentId: 3, keyRetriever })
    const target = { chunkManager: new LocalChunkManager({ rootPath: fresh() }) }
    const source = { chunkManager, segment }
    const { binlogs } = await convertSegment({ source, target, keyRetriever, encryption })
    const after = { ...target, binlogs, keyRetriever }
    expect(await quantizedColumns({ ...after, schema: CODES })).toEqual(quantized)
    expect(await decoded(after)).toEqual(
      await decoded({ chunkManager, binlogs: info.binlogs, keyRetriever }),
    )
  })

  test('is looked at until the signal is aborted', async () => {
    const reason = new Error('enough')
    const options = { ...placeOf(await source()), schema: CODES, signal: AbortSignal.abort(reason) }
    await expect(quantizedColumns(options)).rejects.toBe(reason)
  })

  test('without rows has nothing to say', async () => {
    const chunkManager = new LocalChunkManager({ rootPath: fresh() })
    expect(await quantizedColumns({ schema: CODES, chunkManager, binlogs: [] })).toEqual([])
  })

  test('of numbers that are no codes says nothing', async () => {
    const before = await source([])
    const root = fresh()
    const target = { chunkManager: new LocalChunkManager({ rootPath: root }) }
    await convertSegment({ source: before, target })
    for (const path of filesBelow(root).filter((one) => one.includes('insert_log'))) {
      const { metadata } = await inspectFile(path)
      expect([...metadata.keys()]).not.toContain(QUANTIZATION_KEY)
    }
  })

  test('whose chunks are decoded in other ways is refused, with both', async () => {
    const [left, right] = [await source(), await source([])]
    const { quantized } = await codesOf([1], SCALE * 2)
    const other = await source(quantized)
    // Logs of another tree, in the place of those of a second chunk.
    const from = new LocalChunkManager({ rootPath: directory })
    const below = ({ root, segment }: typeof left) =>
      segment.binlogs.map((list) => ({
        ...list,
        binlogs: list.binlogs.map((log) => ({
          ...log,
          logPath: join(root.slice(directory.length + 1), log.logPath),
        })),
      }))
    const joined = (second: typeof left) =>
      below(left).map((list, index) => ({
        ...list,
        binlogs: [...list.binlogs, ...below(second)[index]!.binlogs],
      }))
    const columns = (second: typeof left) =>
      quantizedColumns({ schema: CODES, chunkManager: from, binlogs: joined(second) })
    expect(await columns(left)).toEqual(left.quantized)
    for (const [second, text] of [
      [other, `and the scale ${SCALE * 2} in`],
      [right, 'and no scale in'],
    ] as const) {
      const error = await rejection(() => columns(second))
      expect(error.code).toBe('NotSupported')
      expect(error.message).toContain(text)
    }
  })
})

describe('compaction', () => {
  let place: CompactionPlace
  beforeEach(async () => {
    place = await CompactionPlace.open(fresh(), CODES)
  })
  afterEach(() => place.close())

  const rowsOf = async () => {
    const segments = await place.catalog.segmentsToRead(place.collectionId)
    const rows = await Promise.all(
      segments.map(({ binlogs, manifestPath, deltalogs, l0Deltalogs }) =>
        decoded({
          ...{ binlogs, manifestPath, deltalogs, l0Deltalogs },
          chunkManager: place.chunkManager,
        }),
      ),
    )
    return rows.flat().sort(([left], [right]) => (left < right ? -1 : 1))
  }
  const add = async (ids: number[], scale = SCALE) => {
    const { data, quantized } = await codesOf(ids, scale)
    await place.addRows([data], { quantized })
    return quantized
  }

  test.each([
    [2, false],
    [2, true],
    [3, false],
    [3, true],
  ] as const)(
    'to version %d (sort: %s) is decoded as before, with the larger error',
    async (storageVersion, sort) => {
      const described = [await add([4, 1, 9]), await add([2, 3]), await add([7])]
      const before = await rowsOf()
      const { groups } = await place.compact({ sort, storageVersion })
      expect(groups[0]!.to).toHaveLength(1)
      expect(await rowsOf()).toEqual(before)
      const [segment] = await place.catalog.segmentsToRead(place.collectionId)
      const { binlogs, manifestPath } = segment!
      const found = await quantizedColumns({
        ...{ schema: CODES, chunkManager: place.chunkManager },
        ...{ binlogs, manifestPath },
      })
      const largest = (index: number) =>
        Math.max(...described.map((fields) => fields[index]!.maxError))
      expect(found.map(({ maxError }) => maxError)).toEqual([largest(0), largest(1)])
      // And once more: what was rewritten is a source like any other.
      const names = storageVersion === 3 ? ['102', '105'] : ['v8', 'w8']
      expect(found.map(({ name }) => name)).toEqual(names)
      await place.compact({ segmentIds: [segment!.segmentId], storageVersion })
      expect(await rowsOf()).toEqual(before)
    },
  )

  test('keeps apart what is decoded in other ways', async () => {
    await add([1, 2])
    await add([3], SCALE * 2)
    await add([4])
    const before = await rowsOf()
    const { groups } = await place.compact()
    expect(groups.map(({ to }) => to.map(({ rows }) => rows))).toEqual([[3, 1]])
    expect(await rowsOf()).toEqual(before)
  })

  test('to version 0 changes nothing', async () => {
    await add([1, 2])
    await add([3])
    const files = filesBelow(join(place.directory, 'segments'))
    const error = await rejection(() => place.compact({ storageVersion: 0 }))
    expect(error.code).toBe('NotSupported')
    expect(filesBelow(join(place.directory, 'segments'))).toEqual(files)
    expect(await place.segments('Flushed')).toHaveLength(2)
  })
})

test('a manifest that is rewritten is decoded as before', async () => {
  const { chunkManager, segment, quantized } = await source()
  const rows = await decoded(placeOf({ root: '', chunkManager, segment, quantized }))
  await createManifest({ chunkManager, segment })
  const basePath = 'insert_log/1/2/3'
  await compactManifest({ chunkManager, basePath, schema: CODES, sort: true })
  expect(await decoded({ chunkManager, basePath })).toEqual(rows)
  const found = await quantizedColumns({ chunkManager, basePath, schema: CODES })
  expect(found.map((field) => ({ ...field, name: '' }))).toEqual(
    quantized.map((field) => ({ ...field, name: '' })),
  )
})
