import {
  type CollectionSchema,
  createCollectionSchema,
  type FieldInit,
  frozenSplit,
  pruneGroups,
  type SplitOptions,
  splitByDefaultPolicies,
  splitBySchema,
  splitLegacy,
  withSystemFields,
} from '../lib/schema/index.js'

const KEY: FieldInit = { name: 'id', dataType: 'Int64', isPrimaryKey: true }
const VECTOR: FieldInit = { name: 'v', dataType: 'FloatVector', dim: 4 }
const TITLE: FieldInit = { name: 'title', dataType: 'VarChar' }

/** A stored collection: system fields, a key with id 100, and `fields` from id 101. */
function stored(...fields: FieldInit[]): CollectionSchema {
  return withSystemFields(createCollectionSchema({ name: 'c', fields: [KEY, ...fields] }))
}

/** `'0:0,1,100 101:101'`: the groups as their ids and the ids of their fields. */
function split(schema: CollectionSchema, options?: SplitOptions): string {
  return text(splitByDefaultPolicies(schema, options))
}

function text(groups: readonly { id: bigint; fieldIds: readonly bigint[] }[]): string {
  return groups.map(({ id, fieldIds }) => `${id}:${fieldIds.join()}`).join(' ')
}

const NUMBER: FieldInit = { name: 'n', dataType: 'Int32' }
const wide = (bytes: number) => ({ averageBytes: new Map([[103n, bytes]]) })

describe("Milvus's default policies", () => {
  test('keys with the system fields, a vector on its own', () => {
    const groups = splitByDefaultPolicies(stored(VECTOR))
    expect(groups).toEqual([
      { id: 0n, fieldIds: [0n, 1n, 100n], columns: [0, 1, 2] },
      { id: 101n, fieldIds: [101n], columns: [3] },
    ])
  })

  test.each([
    ['short scalars', 20, '0:0,1,100 1:102,103 101:101'],
    ['a wide one', 2000, '0:0,1,100 1:102 101:101 103:103'],
    ['one of exactly 1024 bytes', 1024, '0:0,1,100 1:102 101:101 103:103'],
    ['one of 1023 bytes', 1023, '0:0,1,100 1:102,103 101:101'],
    ['one of 1023.9 bytes: averages are integers', 1023.9, '0:0,1,100 1:102,103 101:101'],
  ])('%s', (_, bytes, expected) => {
    expect(split(stored(VECTOR, NUMBER, TITLE), wide(bytes))).toBe(expected)
  })

  test('sorted by group id although the vector comes before the wide field', () => {
    const schema = stored({ ...TITLE, fieldId: 105 }, VECTOR)
    const averageBytes = new Map([[105n, 4000]])
    expect(split(schema, { averageBytes })).toBe('0:0,1,100 101:101 105:105')
  })

  test('partition and clustering keys join the system group, a clustering vector does not', () => {
    const keys = stored(
      { ...TITLE, isPartitionKey: true },
      { ...NUMBER, isClusteringKey: true },
      { name: 'x', dataType: 'Bool' },
    )
    expect(split(keys)).toBe('0:0,1,100,101,102 1:103')
    expect(split(stored({ ...VECTOR, isClusteringKey: true }))).toBe('0:0,1,100 101:101')
    const systemColumn = { includePrimaryKey: false, includePartitionKey: false }
    expect(split(keys, { policies: { systemColumn } })).toBe('0:0,1,102 1:100,101,103')
  })

  test('every vector and every Text alone', () => {
    const schema = stored(
      { name: 'sparse', dataType: 'SparseFloatVector' },
      { name: 'text', dataType: 'Text' },
      { name: 'json', dataType: 'JSON' },
      { name: 'bits', dataType: 'BinaryVector', dim: 8 },
    )
    expect(split(schema)).toBe('0:0,1,100 1:103 101:101 102:102 104:104')
  })

  test('sub-fields of struct arrays are columns after the fields', () => {
    const schema = createCollectionSchema({
      name: 'c',
      fields: [KEY],
      structArrayFields: [
        {
          name: 's',
          fields: [
            { name: 'a', dataType: 'Array', elementType: 'Int8' },
            { name: 'b', dataType: 'ArrayOfVector', elementType: 'FloatVector', dim: 2 },
          ],
        },
      ],
    })
    expect(splitByDefaultPolicies(withSystemFields(schema))).toEqual([
      { id: 0n, fieldIds: [0n, 1n, 100n], columns: [0, 1, 2] },
      { id: 1n, fieldIds: [102n], columns: [3] },
      { id: 103n, fieldIds: [103n], columns: [4] },
    ])
  })

  test('all policies off: one group with every column', () => {
    const policies = { systemColumn: false, averageSize: false, selectedDataType: false }
    const schema = stored(VECTOR, NUMBER, TITLE)
    expect(split(schema, { policies, ...wide(4000) })).toBe('0:0,1,100,101,102,103')
    const disabled = { ...policies, averageSize: { enabled: false } }
    expect(split(schema, { policies: disabled })).toBe('0:0,1,100,101,102,103')
  })

  test('without system group the rest is group 0; no group is ever empty', () => {
    const policies = { systemColumn: { enabled: false } }
    expect(split(stored(VECTOR, NUMBER), { policies })).toBe('0:0,1,100,102 101:101')
    const bare = createCollectionSchema(
      { name: 'c', fields: [VECTOR] },
      { requirePrimaryKey: false },
    )
    expect(split(bare)).toBe('100:100')
  })

  test('a wide system field takes no group of its own, whose id a short group has', () => {
    const averageBytes = new Map([[0n, 5000]])
    const policies = { systemColumn: false as const }
    expect(split(stored(VECTOR), { averageBytes, policies })).toBe('0:0,1,100 101:101')
  })

  test('another threshold', () => {
    const policies = { averageSize: { thresholdBytes: 10 } }
    expect(
      split(stored(NUMBER, TITLE, { name: 'x', dataType: 'Bool' }), { ...wide(10), policies }),
    ).toBe('0:0,1,100 1:101,102 103:103')
  })

  test('fields of unlike local format share no short group', () => {
    const vortex = { typeParams: { local_format: 'vortex' } }
    const fields: FieldInit[] = [
      { name: 'a', dataType: 'VarChar', isPartitionKey: true, ...vortex },
      VECTOR,
      { name: 'b', dataType: 'Int8' },
      { name: 'c', dataType: 'Int8', ...vortex },
      { name: 'd', dataType: 'Int8' },
    ]
    expect(split(stored(...fields))).toBe('0:0,1,100 1:101 2:103,105 3:104 102:102')
    const policies = { localFormat: false }
    expect(split(stored(...fields), { policies })).toBe('0:0,1,100,101 1:103,104,105 102:102')
  })

  test('a misspelled policy is refused', () => {
    const policies = { systemColumns: false } as unknown as NonNullable<SplitOptions['policies']>
    expect(() => split(stored(), { policies })).toThrow('Did you mean "systemColumn"?')
  })
})

describe('other splits', () => {
  test('one group per field', () => {
    expect(splitBySchema(stored({ ...TITLE, fieldId: 7000 }, VECTOR))).toEqual([
      { id: 0n, fieldIds: [0n], columns: [0] },
      { id: 1n, fieldIds: [1n], columns: [1] },
      { id: 100n, fieldIds: [100n], columns: [2] },
      { id: 101n, fieldIds: [101n], columns: [4] },
      { id: 7000n, fieldIds: [7000n], columns: [3] },
    ])
  })

  test('the first versions: short columns in group 0, a vector alone', () => {
    expect(text(splitLegacy(stored(VECTOR, NUMBER)))).toBe('0:0,1,100,102 101:101')
  })

  test('pruning keeps the groups with a wanted field', () => {
    const groups = splitByDefaultPolicies(stored(VECTOR, NUMBER))
    expect(text(pruneGroups(groups, [101n, 999n]))).toBe('101:101')
    expect(text(pruneGroups(groups, [1n, 102n]))).toBe('0:0,1,100 1:102')
    expect(pruneGroups(groups, [])).toEqual([])
  })
})

describe('the split of a segment that has files', () => {
  const first = splitByDefaultPolicies(stored(VECTOR, NUMBER, TITLE), wide(20))

  test('stays what it is when a column has grown', () => {
    const again = frozenSplit(first, stored(VECTOR, NUMBER, TITLE))
    expect(again).toEqual(first)
    expect(text(splitByDefaultPolicies(stored(VECTOR, NUMBER, TITLE), wide(2000)))).not.toBe(
      text(again),
    )
  })

  test('takes its columns from the schema of today', () => {
    const moved = stored({ ...TITLE, fieldId: 103 }, { ...VECTOR, fieldId: 101 }, NUMBER)
    const groups = frozenSplit(first, moved)
    expect(text(groups)).toBe(text(first))
    expect(groups.map(({ columns }) => columns)).toEqual([[0, 1, 2], [5, 3], [4]])
  })

  test('keeps the format, sorts, and takes ids as numbers', () => {
    const groups = frozenSplit(
      [
        { id: 101, fieldIds: [101], format: 'vortex' },
        { id: 0, fieldIds: [0, 1, 100], format: '' },
      ],
      stored(VECTOR),
    )
    expect(groups).toEqual([
      { id: 0n, fieldIds: [0n, 1n, 100n], columns: [0, 1, 2] },
      { id: 101n, fieldIds: [101n], columns: [3], format: 'vortex' },
    ])
  })

  test('without fields it is the legacy split', () => {
    const groups = frozenSplit([{ id: 0 }, { id: 101, fieldIds: [101] }], stored(VECTOR, NUMBER))
    expect(text(groups)).toBe('0:0,1,100,102 101:101')
  })

  test('a field that was dropped is an error, or left out', () => {
    const schema = stored({ ...NUMBER, fieldId: 102 }, { ...TITLE, fieldId: 103 })
    expect(() => frozenSplit(first, schema)).toThrow(
      expect.objectContaining({ code: 'InvalidSchema', field: '101' }),
    )
    expect(text(frozenSplit(first, schema, { dropped: 'leaveOut' }))).toBe('0:0,1,100 1:102,103')
  })

  test('a field that was added is an error that names it, or goes where it is told', () => {
    const schema = stored(VECTOR, NUMBER, TITLE, { name: 'new', dataType: 'Bool' })
    expect(() => frozenSplit(first, schema)).toThrow(
      expect.objectContaining({ code: 'InvalidSchema', field: 'new' }),
    )
    const groups = frozenSplit(first, schema, { added: { group: 1 } })
    expect(text(groups)).toBe('0:0,1,100 1:102,103,104 101:101')
    expect(() => frozenSplit(first, schema, { added: { group: 7 } })).toThrow('(0, 1, 101)')
  })

  test('a field in two groups is an error', () => {
    const twice = [...first, { id: 103n, fieldIds: [103n] }]
    expect(() => frozenSplit(twice, stored(VECTOR, NUMBER, TITLE))).toThrow(
      'received 103 again in group 103',
    )
  })
})
