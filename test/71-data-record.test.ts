import { type Field, Int64, makeData } from 'apache-arrow'
import { buildRecord, InsertData, rowsOf, serDeOf } from '../lib/data/index.js'
import { createCollectionSchema } from '../lib/schema/index.js'
import { DOCUMENTS, ID } from './support/collection.js'
import { rejection } from './support/rejection.js'

const v = Float32Array.of(1, 2)

function rowsIn(data: InsertData): Record<string, unknown>[] {
  return [...rowsOf(buildRecord(data.schema, [data]), data.schema)]
}

describe('buildRecord', () => {
  const one = createCollectionSchema({ name: 'd', fields: [ID] })
  const two = createCollectionSchema({ name: 'd', fields: [ID, { name: 'n', dataType: 'Int64' }] })
  const chunk = () => InsertData.fromRows(two, [{ id: 1, n: 2 }])

  test('names columns by name, or by id, and finds them by id', () => {
    const byName = buildRecord(two, [chunk()])
    const byId = buildRecord(two, [chunk()], { useFieldId: true })
    expect(byName.schema.fields.map((field: Field) => field.name)).toEqual(['id', 'n'])
    expect(byId.schema.fields.map((field: Field) => field.name)).toEqual(['100', '101'])
    expect([...byId.fieldIdToColumn]).toEqual([
      [100n, 0],
      [101n, 1],
    ])
    expect([...rowsOf(byId, two)]).toEqual([{ id: 1n, n: 2n }])
  })

  test('a record stays as it is when its chunk grows', () => {
    const data = chunk()
    const record = buildRecord(two, [data])
    data.appendRow({ id: 3, n: 4 })
    expect([...rowsOf(record, two)]).toEqual([{ id: 1n, n: 2n }])
    expect(rowsIn(data)).toHaveLength(2)
  })

  test.each<[string, () => unknown, string, string]>([
    [
      'a chunk without a field',
      () => buildRecord(two, [chunk(), InsertData.fromRows(one, [{ id: 1 }])]),
      'InvalidData',
      'Expected field "n" (id 101) in chunk 1 but received a chunk without it',
    ],
    [
      'a chunk without rows',
      () => buildRecord(two, [chunk(), new InsertData(two)]),
      'InvalidData',
      'Expected rows in chunk 1 for field "id" but received none',
    ],
    [
      'a column that is longer than the others',
      () => {
        const data = chunk()
        data.field(101)!.append(5)
        return buildRecord(two, [data])
      },
      'InvalidData',
      'Expected 1 rows in chunk 0 for field "n" but received 2',
    ],
    [
      'no chunks',
      () => buildRecord(two, []),
      'InvalidArgument',
      'Expected at least one InsertData for chunks',
    ],
    [
      'no primary key',
      () => buildRecord({ ...two, fields: [two.fields[1]!] }, [chunk()]),
      'InvalidSchema',
      'Expected a primary key',
    ],
    [
      'a field of another type',
      () => {
        const schema = createCollectionSchema({
          name: 'd',
          fields: [ID, { name: 'n', dataType: 'Int32' }],
        })
        return buildRecord(schema, [chunk()])
      },
      'TypeMismatch',
      'Expected Int32 in chunk 0 for field "n" but received Int64',
    ],
  ])('%s is refused', async (_, build, code, message) => {
    const error = await rejection(build)
    expect(error.code).toBe(code)
    expect(error.message).toContain(message)
  })
})

describe('serDeOf', () => {
  const [, title, , tags, vector] = DOCUMENTS.fields

  test('serializes into columns and deserializes from Arrow data', () => {
    const data = new InsertData(DOCUMENTS)
    const serDe = serDeOf(title!)
    const column = data.field(101)!
    for (const value of ['a', null, undefined, 'ü']) serDe.serialize(column, value)
    const arrow = column.toArrow()
    expect([0, 1, 2, 3].map((row) => serDe.deserialize(arrow, row))).toEqual(['a', null, null, 'ü'])
    expect(serDe.deserialize(arrow.slice(3, 1), 0)).toBe('ü')
  })

  test('says what views memory, and copies on request', () => {
    expect([title, tags, vector].map((field) => serDeOf(field!).shouldCopy)).toEqual([
      false,
      false,
      true,
    ])
    const data = InsertData.fromRows(DOCUMENTS, [{ id: 1, v }])
    const arrow = data.field(104)!.toArrow()
    const view = serDeOf(vector!).deserialize(arrow, 0) as Float32Array
    const copy = serDeOf(vector!).deserialize(arrow, 0, true) as Float32Array
    expect([view, copy]).toEqual([v, v])
    expect([view.buffer === arrow.values.buffer, copy.buffer === arrow.values.buffer]).toEqual([
      true,
      false,
    ])
  })

  test('JSON comes as text on request', () => {
    const data = InsertData.fromRows(DOCUMENTS, [{ id: 1, v, $meta: '{"a": 1}' }])
    const record = buildRecord(DOCUMENTS, [data])
    expect([...rowsOf(record, DOCUMENTS, { json: 'text' })][0]!.$meta).toBe('{"a": 1}')
    expect([...rowsOf(record, DOCUMENTS)][0]!.$meta).toEqual({ a: 1 })
  })

  test('data of another type is refused', async () => {
    const other = makeData({ type: new Int64(), data: new BigInt64Array(1) })
    const error = await rejection(() => serDeOf(title!).deserialize(other, 0))
    expect(error).toMatchObject({ code: 'TypeMismatch', field: 'title' })
  })
})
