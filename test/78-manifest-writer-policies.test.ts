/** Column groups of manifest writers: which column goes where, and what is refused. */
import { Int64, Schema } from 'apache-arrow'
import { type ManifestWriterPolicy, writerPolicyOf } from '../lib/manifest/index.js'
import { ManifestPlace } from './support/manifest-writing.js'
import { recordCollection, recordOf } from './support/records.js'
import { rejection } from './support/rejection.js'
import { field, sampleBatch, sampleSchema } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const place = new ManifestPlace(temporaryDirectory('manifest-policies'))

/** The columns of every group of the sample: id 8, title about 10, score 8, embedding 16 bytes. */
async function groupsOf(policy: ManifestWriterPolicy): Promise<(readonly string[])[]> {
  const writer = await place.open({ policy })
  await writer.write(sampleBatch(0, 100))
  await writer.close()
  return writer.getWrittenManifest().columnGroups.map(({ columns }) => columns)
}

const refused = (policy: unknown) =>
  rejection(() => place.open({ policy: policy as ManifestWriterPolicy }))

describe('policy single', () => {
  test('is the default: all columns in the order of the schema', async () => {
    const all = ['id', 'title', 'score', 'embedding']
    expect(await groupsOf({ kind: 'single' })).toEqual([all])
    const writer = await place.open()
    await writer.write(sampleBatch(0, 1))
    await writer.close()
    const [group] = writer.getWrittenManifest().columnGroups
    expect(group).toMatchObject({ columns: all, format: 'parquet' })
  })
})

describe('policy schemaBased', () => {
  const patterns = (...given: string[]) => groupsOf({ kind: 'schemaBased', patterns: given })

  test('the first pattern that matches takes a column, the rest is the last group', async () => {
    expect(await patterns('emb.*', 'id|embedding')).toEqual([
      ['embedding'],
      ['id'],
      ['title', 'score'],
    ])
  })

  test('a pattern has to match the whole name', async () => {
    expect(await patterns('i', 'itl', 'score|x')).toEqual([['score'], ['id', 'title', 'embedding']])
    // Each alternative by itself: not "begins with i or ends with e".
    expect(await patterns('i|e')).toEqual([['id', 'title', 'score', 'embedding']])
  })

  test('groups without columns fall away, in front, between and behind', async () => {
    expect(await patterns('none', 'id', 'nothing', 'title|score|embedding')).toEqual([
      ['id'],
      ['title', 'score', 'embedding'],
    ])
  })

  test('formats are one per pattern, and Parquet', async () => {
    const given = ['id', 'title']
    const policy = { kind: 'schemaBased', patterns: given } as const
    expect(await groupsOf({ ...policy, formats: ['parquet', 'parquet'] })).toHaveLength(3)
    expect(await groupsOf({ ...policy, formats: [] })).toHaveLength(3)
    expect(await refused({ ...policy, formats: ['parquet'] })).toMatchObject({
      code: 'InvalidArgument',
      message:
        'Expected 2 formats, one per pattern, for policy.formats but received an array of length 1',
    })
    expect(await refused({ ...policy, formats: ['parquet', 'vortex'] })).toMatchObject({
      code: 'NotSupported',
      message: `Expected 'parquet' for policy.formats[1] but received "vortex"`,
    })
  })

  test.each([
    [[], 'a non-empty array of patterns for policy.patterns'],
    [['id', ''], 'a non-empty string without NUL for policy.patterns[1]'],
    [['('], 'a regular expression for policy.patterns[0]'],
    [['a)|(b'], 'a regular expression for policy.patterns[0]'],
  ])('patterns %j are refused', async (given, expected) => {
    const error = await refused({ kind: 'schemaBased', patterns: given })
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toContain(`Expected ${expected}`)
  })
})

describe('policy sizeBased', () => {
  const bySize = (maxAvgColumnBytes: number, maxColumnsInGroup: number) =>
    groupsOf({ kind: 'sizeBased', maxAvgColumnBytes, maxColumnsInGroup })

  test('narrow columns join the group before them until it is full', async () => {
    expect(await bySize(1000, 10)).toEqual([['id', 'title', 'score', 'embedding']])
    expect(await bySize(1000, 2)).toEqual([
      ['id', 'title'],
      ['score', 'embedding'],
    ])
    expect(await bySize(1000, 1)).toHaveLength(4)
  })

  test('a wide column begins a group, which narrow ones behind it join', async () => {
    expect(await bySize(9, 10)).toEqual([['id'], ['title', 'score'], ['embedding']])
    expect(await bySize(16, 10)).toEqual([['id', 'title', 'score'], ['embedding']])
    expect(await bySize(17, 10)).toEqual([['id', 'title', 'score', 'embedding']])
  })

  test('quirk 8: a wide first column does not leave an empty group in front', async () => {
    expect(await bySize(8, 10)).toEqual([['id'], ['title'], ['score'], ['embedding']])
  })

  test('batches without rows are waited through, and decide nothing', async () => {
    const policy = { kind: 'sizeBased', maxAvgColumnBytes: 16, maxColumnsInGroup: 10 } as const
    const writer = await place.open({ policy })
    await writer.write(sampleBatch(0, 0))
    await writer.write(sampleBatch(0, 10))
    await writer.close()
    const { columnGroups } = writer.getWrittenManifest()
    expect(columnGroups.map(({ columns }) => columns.length)).toEqual([3, 1])
    expect(columnGroups.map(({ files }) => files[0]?.endIndex)).toEqual([10, 10])
  })

  test('and where there is nothing else there is no group', async () => {
    const writer = await place.open({
      policy: { kind: 'sizeBased', maxAvgColumnBytes: 16, maxColumnsInGroup: 10 },
    })
    await writer.write(sampleBatch(0, 0))
    await writer.close()
    expect(writer.getWrittenManifest()).toEqual({ columnGroups: [] })
  })

  test.each([
    [{ maxColumnsInGroup: 1 }, 'maxAvgColumnBytes'],
    [{ maxAvgColumnBytes: 0, maxColumnsInGroup: 1 }, 'maxAvgColumnBytes'],
    [{ maxAvgColumnBytes: 1 }, 'maxColumnsInGroup'],
    [{ maxAvgColumnBytes: 1, maxColumnsInGroup: 1.5 }, 'maxColumnsInGroup'],
  ])('limits have to be set: %j', async (limits, name) => {
    const error = await refused({ kind: 'sizeBased', ...limits })
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toContain(`Expected an integer >= 1 for policy.${name}`)
  })
})

describe('policy columns', () => {
  test('takes the groups of a manifest that is to be appended to', async () => {
    const columns = [['embedding'], ['score', 'id', 'title']]
    expect(await groupsOf({ kind: 'columns', columns })).toEqual(columns)
  })

  test.each([
    [[['id', 'title', 'score']], 'Expected every column in a group but received "embedding"'],
    [[['id'], ['id', 'title', 'score', 'embedding']], 'each of them once, for policy.columns[1]'],
    [[['id', 'title', 'score', 'embeding']], 'columns of the schema'],
    [[['id', 'title', 'score', 'embedding'], []], 'a non-empty array of names'],
    [[], 'a non-empty array of groups'],
    ['id', 'a non-empty array of groups'],
  ])('%j are no groups', async (columns, expected) => {
    const error = await refused({ kind: 'columns', columns })
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toContain(expected)
  })
})

describe('names', () => {
  test('columnNames fieldId: files and manifest have decimal ids, the caller keeps the names', async () => {
    const policy = { kind: 'schemaBased', patterns: ['100|102'] } as const
    const writer = await place.open({ policy, columnNames: 'fieldId' })
    await writer.write(sampleBatch(0, 10))
    await writer.close()
    expect(writer.schema.fields.map(({ name }) => name)).toEqual(['100', '101', '102', '103'])
    expect(writer.getWrittenManifest().columnGroups.map(({ columns }) => columns)).toEqual([
      ['100', '102'],
      ['101', '103'],
    ])
  })

  test('a collection takes records by field id, whatever columns are called', async () => {
    for (const columnNames of ['name', 'fieldId'] as const) {
      const writer = await place.open({ schema: recordCollection(), columnNames })
      await writer.write(recordOf(0, 10))
      await writer.close()
      expect(writer.rowCount).toBe(10)
      expect(writer.timestampRange).toEqual({ from: 1000n, to: 1009n })
      const [group] = writer.getWrittenManifest().columnGroups
      expect(group?.columns[0]).toBe(columnNames === 'name' ? 'RowID' : '0')
    }
  })

  test('columns without ids get them where that is asked for', async () => {
    const schema = new Schema(sampleSchema().fields.map(({ name, type }) => field(name, type)))
    expect(await rejection(() => place.open({ schema }))).toMatchObject({ code: 'InvalidSchema' })
    const writer = await place.open({ schema, fieldIds: 'auto', columnNames: 'fieldId' })
    expect(writer.schema.fields.map(({ name }) => name)).toEqual(['100', '101', '102', '103'])
    await writer.close()
  })

  test('two columns of one id are refused', async () => {
    const schema = new Schema([field('a', new Int64(), 100), field('b', new Int64(), 100)])
    expect(await rejection(() => place.open({ schema }))).toMatchObject({
      code: 'InvalidSchema',
      field: 'b',
    })
  })
})

describe('options', () => {
  test.each([
    [{ polciy: {} }, 'received "polciy". Did you mean "policy"?'],
    [{ rolingBytes: 1 }, 'received "rolingBytes". Did you mean "rollingBytes"?'],
    [{ policy: { kind: 'sizeBased', maxColumnInGroup: 1 } }, 'Did you mean "maxColumnsInGroup"?'],
    [{ policy: { kind: 'single', patterns: [] } }, 'Known are: kind.'],
    [{ policy: { kind: 'size' } }, `Expected 'single' | 'schemaBased' | 'sizeBased' | 'columns'`],
    [{ policy: 'single' }, 'Expected an object for policy'],
    [{ rollingBytes: -1 }, 'Expected an integer >= 0 for rollingBytes'],
    [{ basePath: '../seg' }, 'Expected a relative key'],
    [{ basePath: 7 }, 'for basePath but received 7'],
    [{ columnNames: 'id' }, `Expected 'name' | 'fieldId' for columnNames`],
    [{ schema: undefined }, 'Expected an object for schema'],
    [{ chunkManager: undefined }, 'Expected an object for chunkManager'],
    [{ compression: 'zst' }, 'for compression'],
    [{ columns: { titel: { codec: 'zstd' } } }, 'names of top-level fields'],
    [{ signal: 5 }, 'Expected an AbortSignal for signal'],
  ])('%p', async (options, message) => {
    const error = await rejection(() => place.open(options as never))
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toContain(message)
  })

  test('formats that Milvus has besides are NotSupported', async () => {
    for (const format of ['vortex', 'lance-table', 'iceberg-table']) {
      expect((await rejection(() => place.open({ format }))).code).toBe('NotSupported')
    }
    await (await place.open({ format: 'parquet' })).close()
  })

  test('what the addon cannot write to is NotSupported', async () => {
    const elsewhere = Object.create(place.chunkManager, { storage: { value: undefined } })
    const error = await rejection(() => place.open({ chunkManager: elsewhere }))
    expect(error.code).toBe('NotSupported')
  })
})

describe('writerPolicyOf', () => {
  const BY_PATTERN = 'writer.split.schema_based'
  const BY_SIZE = 'writer.split.size_based'

  test('reads what Milvus configures', () => {
    expect(writerPolicyOf({})).toEqual({ kind: 'single' })
    expect(writerPolicyOf({ 'writer.policy': 'single', [`${BY_PATTERN}.patterns`]: 'x' })).toEqual({
      kind: 'single',
    })
    expect(
      writerPolicyOf({
        'writer.policy': 'schema_based',
        [`${BY_PATTERN}.patterns`]: 'id|ts, vec.*',
        [`${BY_PATTERN}.formats`]: 'parquet,parquet',
      }),
    ).toEqual({
      kind: 'schemaBased',
      patterns: ['id|ts', 'vec.*'],
      formats: ['parquet', 'parquet'],
    })
    expect(
      writerPolicyOf({
        'writer.policy': 'size_based',
        [`${BY_SIZE}.max_avg_column_size`]: '1024',
        [`${BY_SIZE}.max_columns_in_group`]: '64',
      }),
    ).toEqual({ kind: 'sizeBased', maxAvgColumnBytes: 1024, maxColumnsInGroup: 64 })
  })

  test('and what it gives opens a writer', async () => {
    const policy = writerPolicyOf({
      'writer.policy': 'schema_based',
      [`${BY_PATTERN}.patterns`]: 'emb.*',
    })
    expect(await groupsOf(policy)).toEqual([['embedding'], ['id', 'title', 'score']])
  })

  test.each([
    [{ 'writer.polcy': 'single' }, 'Did you mean "writer.policy"?'],
    [{ 'writer.policy': 'size-based' }, `'single' | 'schema_based' | 'size_based'`],
    [{ 'writer.policy': 'size_based' }, `Expected a decimal number for ${BY_SIZE}.max_avg`],
    [
      { 'writer.policy': 'size_based', [`${BY_SIZE}.max_avg_column_size`]: '1e3' },
      'a decimal number',
    ],
    [
      {
        'writer.policy': 'size_based',
        [`${BY_SIZE}.max_avg_column_size`]: '5',
        [`${BY_SIZE}.max_columns_in_group`]: '0',
      },
      'an integer >= 1',
    ],
  ])('%j is refused', async (properties, message) => {
    const error = await rejection(() => writerPolicyOf(properties as never))
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toContain(message)
  })

  test('another format is NotSupported', async () => {
    const error = await rejection(() => writerPolicyOf({ 'writer.format': 'vortex' }))
    expect(error).toMatchObject({ code: 'NotSupported' })
  })
})
