import { join } from 'node:path'
import { PackedRecordReader, PackedRecordWriter } from '../lib/packed/index.js'
import { splitByDefaultPolicies, splitBySchema, splitLegacy } from '../lib/schema/index.js'
import { recordCollection, recordOf, valuesOf } from './support/records.js'
import { temporaryDirectory } from './support/temporary.js'

const root = temporaryDirectory('record-splits')
const ALL_OFF = {
  policies: { systemColumn: false, averageSize: false, selectedDataType: false },
}

describe('quirk 8 of the format note: no split has an empty group', () => {
  const schema = recordCollection()
  const users = { ...schema, fields: schema.fields.slice(2) }
  const huge = new Map(schema.fields.map(({ fieldId }) => [fieldId, 1 << 20]))
  test.each([
    ['default policies', schema, () => splitByDefaultPolicies(schema)],
    [
      'every column over the limit',
      schema,
      () => splitByDefaultPolicies(schema, { averageBytes: huge }),
    ],
    [
      'the first column over the limit, without system fields and their group',
      users,
      () =>
        splitByDefaultPolicies(users, {
          averageBytes: new Map([[100n, 5000]]),
          policies: { systemColumn: false },
        }),
    ],
    ['every policy off but the rest', schema, () => splitByDefaultPolicies(schema, ALL_OFF)],
    ['one group per field', schema, () => splitBySchema(schema)],
    ['the legacy split', schema, () => splitLegacy(schema)],
  ])('%s', async (name, collection, split) => {
    const groups = split()
    const covered = groups.flatMap(({ columns }) => columns).sort((a, b) => a - b)
    expect(groups.map(({ fieldIds }) => fieldIds.length).filter((length) => length === 0)).toEqual(
      [],
    )
    expect(covered).toEqual(collection.fields.map((_, index) => index))
    const paths = groups.map(({ id }) => join(root, name.replaceAll(' ', '-'), String(id)))
    const writer = await PackedRecordWriter.open({
      schema: collection,
      paths,
      columnGroups: groups,
    })
    await writer.write(recordOf(0, 20))
    await writer.close()
    const columns = ['id', 'vector']
    const reader = await PackedRecordReader.open({ schema, paths: [paths], columns })
    expect(valuesOf([(await reader.next())!], 100n)).toHaveLength(20)
    await reader.close()
  })
})
