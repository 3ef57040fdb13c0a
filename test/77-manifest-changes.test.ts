/** Changes of a manifest, one against another: order, checks, and what can be merged. */
import {
  applyChanges,
  type Manifest,
  type ManifestChange,
  mergeChanges,
} from '../lib/manifest/index.js'
import {
  deltaLogOf,
  fileOf,
  groupOf,
  indexOf,
  lobFileOf,
  manifestOf,
  statisticsOf,
} from './support/manifest-parts.js'
import { rejection } from './support/rejection.js'

const TWO = manifestOf({
  columnGroups: [groupOf('id name', { a: 10 }), groupOf('vector', { b: 10 })],
  deltaLogs: [deltaLogOf('d1')],
  stats: { 'bloom_filter.100': statisticsOf('s1') },
  indexes: [indexOf('vector', 5n), indexOf('name', 0n, { indexType: 'TRIE' })],
  lobFiles: [lobFileOf('l1')],
})

const append = (...groups: ReturnType<typeof groupOf>[]): ManifestChange => ({
  kind: 'appendFiles',
  groups,
})
const add = (columns: string, files: Record<string, number>): ManifestChange => ({
  kind: 'addColumnGroup',
  group: groupOf(columns, files),
})
const drop = (name: string): ManifestChange => ({ kind: 'dropColumn', name })
const addIndex = (...index: Parameters<typeof indexOf>): ManifestChange => ({
  kind: 'addIndex',
  index: indexOf(...index),
})
const statistics = (key: string, name: string): ManifestChange => ({
  kind: 'updateStatistics',
  key,
  statistics: statisticsOf(name),
})
const ROWS = append(groupOf('name id', { c: 4 }), groupOf('vector', { d: 4 }))

const messageOf = async (manifest: Manifest, ...changes: ManifestChange[]) => {
  const error = await rejection(() => applyChanges(manifest, changes))
  return [error.code, error.field, error.message]
}

describe('applying', () => {
  test('appends files to every group, in the manifest’s order of columns', () => {
    const { columnGroups } = applyChanges(TWO, [ROWS])
    expect(columnGroups).toEqual([
      { ...TWO.columnGroups[0], files: [fileOf('a', 10), fileOf('c', 4)] },
      { ...TWO.columnGroups[1], files: [fileOf('b', 10), fileOf('d', 4)] },
    ])
  })

  test('takes one file twice', () => {
    const again = append(groupOf('id name', { a: 10 }), groupOf('vector', { b: 10 }))
    const { columnGroups } = applyChanges(TWO, [again])
    expect(columnGroups[0]!.files).toEqual([fileOf('a', 10), fileOf('a', 10)])
  })

  test('adopts the groups of the first append to an empty manifest, and grows them by the next', () => {
    const { columnGroups } = applyChanges(manifestOf({}), [
      append(groupOf('id', { a: 3 }), groupOf('v', { b: 3 })),
      append(groupOf('id', { c: 2 }), groupOf('v', { d: 2 })),
    ])
    expect(columnGroups).toEqual([groupOf('id', { a: 3, c: 2 }), groupOf('v', { b: 3, d: 2 })])
  })

  test('leaves what it was given alone, and shares what did not change', () => {
    const before = structuredClone(TWO)
    const after = applyChanges(TWO, [
      drop('vector'),
      { kind: 'addDeltaLog', log: deltaLogOf('d2') },
    ])
    expect(TWO).toEqual(before)
    expect(after.columnGroups[0]).toBe(TWO.columnGroups[0])
    expect(after.lobFiles).toBe(TWO.lobFiles)
    expect(after.deltaLogs).toEqual([deltaLogOf('d1'), deltaLogOf('d2')])
  })

  test('gives frozen lists', () => {
    const all = applyChanges(manifestOf({}), [add('x', {}), drop('y'), statistics('k', 's')])
    expect([all, all.columnGroups, all.stats, all.indexes].every(Object.isFrozen)).toBe(true)
  })

  test('overwrites statistics by key and adds files of large values', () => {
    const after = applyChanges(TWO, [
      statistics('bloom_filter.100', 's2'),
      statistics('__proto__', 's3'),
      { kind: 'addLobFile', file: lobFileOf('l2') },
    ])
    expect(Object.entries(after.stats)).toEqual([
      ['bloom_filter.100', statisticsOf('s2')],
      ['__proto__', statisticsOf('s3')],
    ])
    expect(after.lobFiles).toEqual([lobFileOf('l1'), lobFileOf('l2')])
  })

  test('drops a column with its indexes, and a group with its last column', () => {
    const after = applyChanges(TWO, [drop('vector'), drop('name'), drop('never there')])
    expect(after.columnGroups).toEqual([groupOf('id', { a: 10 })])
    expect(after.indexes).toEqual([])
  })

  test('case 67 dropping a column and adding one of its name, in whatever order they are given', () => {
    const add10 = add('vector', { e: 10 })
    for (const changes of [
      [drop('vector'), add10],
      [add10, drop('vector')],
    ]) {
      const after = applyChanges(TWO, changes)
      expect(after.columnGroups).toEqual([TWO.columnGroups[0], groupOf('vector', { e: 10 })])
      expect(after.indexes.map(({ columnName }) => columnName)).toEqual(['name'])
    }
  })

  test('case 64 an index of the same id is replaced, others coexist', () => {
    const { indexes } = applyChanges(TWO, [
      addIndex('vector', 5n, { indexType: 'IVF' }),
      addIndex('vector', 6n),
      addIndex('name', 0n, { indexType: 'TRIE', buildId: 8n }),
      addIndex('name', 0n, { indexType: 'INVERTED' }),
    ])
    expect(indexes).toEqual([
      indexOf('vector', 5n, { indexType: 'IVF' }),
      indexOf('name', 0n, { indexType: 'TRIE', buildId: 8n }),
      indexOf('vector', 6n),
      indexOf('name', 0n, { indexType: 'INVERTED' }),
    ])
  })

  test('case 64 appended files drop the indexes of their columns only; delta logs none', () => {
    const log: ManifestChange = { kind: 'addDeltaLog', log: deltaLogOf('d2') }
    expect(applyChanges(TWO, [log]).indexes).toEqual(TWO.indexes)
    const vectorOnly = append(groupOf('id name', {}), groupOf('vector', { d: 0 }))
    const left = applyChanges(TWO, [vectorOnly]).indexes
    expect(left.map(({ columnName }) => columnName)).toEqual(['name'])
    // An index that comes with the files is of them.
    expect(applyChanges(TWO, [addIndex('vector', 9n), ROWS]).indexes).toEqual([
      indexOf('vector', 9n),
    ])
  })

  test('drops indexes by id, unknown ones without a word', () => {
    const changes: ManifestChange[] = [5n, 77n].map((indexId) => ({ kind: 'dropIndex', indexId }))
    const { indexes } = applyChanges(TWO, changes)
    expect(indexes.map(({ indexId }) => indexId)).toEqual([0n])
  })
})

describe('refusing', () => {
  test('case 58 files of other columns', async () => {
    const more = append(groupOf('id name age', { c: 4 }), groupOf('vector', { d: 4 }))
    expect(await messageOf(TWO, more)).toEqual([
      'InvalidArgument',
      'age',
      'Expected the columns [id, name] for appended group 0 but received one with "age"',
    ])
    const fewer = append(groupOf('id', { c: 4 }), groupOf('vector', { d: 4 }))
    expect(await messageOf(TWO, fewer)).toEqual([
      'InvalidArgument',
      'name',
      'Expected the columns [id, name] for appended group 0 but received one without "name"',
    ])
    expect(await messageOf(TWO, append(groupOf('id name', { c: 4 })))).toEqual([
      'InvalidArgument',
      undefined,
      'Expected files of 2 groups to append but received those of 1',
    ])
  })

  test('files of another format, and of unequal rows', async () => {
    const vortex = { ...groupOf('vector', { d: 4 }), format: 'vortex' }
    expect((await messageOf(TWO, append(groupOf('id name', { c: 4 }), vortex)))[2]).toBe(
      'Expected files of format "parquet" for appended group 1 [vector] but received "vortex"',
    )
    const unequal = append(groupOf('id name', { c: 4 }), groupOf('vector', { d: 5 }))
    expect((await messageOf(TWO, unequal))[2]).toBe(
      'Expected 4 rows for the appended group [vector], as the others get, but received 5',
    )
  })

  test('case 59 an added group with a column that exists, or with other rows', async () => {
    const before = structuredClone(TWO)
    expect(await messageOf(TWO, add('age name', { e: 10 }))).toEqual([
      'InvalidArgument',
      'name',
      'Expected new columns for an added group but received "name", which exists',
    ])
    expect(await messageOf(TWO, add('age', { e: 9 }))).toEqual([
      'InvalidArgument',
      'age',
      'Expected 10 rows for the added group [age], as the others have, but received 9',
    ])
    expect((await messageOf(TWO, add('age', { e: 10 }), add('age', { f: 10 })))[1]).toBe('age')
    expect((await messageOf(TWO, ROWS, add('age', { e: 10 })))[1]).toBe('age')
    expect(TWO).toEqual(before)
  })

  test('files that nobody has counted fit everywhere', () => {
    const unknown = { ...fileOf('x', 0), startIndex: -1, endIndex: -1 }
    const group = { ...groupOf('age', {}), files: [unknown] }
    const after = applyChanges(TWO, [{ kind: 'addColumnGroup', group }])
    expect(after.columnGroups[2]).toEqual(group)
  })
})

describe('merging', () => {
  const merged = (theirs: ManifestChange[], ours: ManifestChange[], read = TWO) =>
    mergeChanges(read, applyChanges(read, theirs), ours)
  const conflict = async (theirs: ManifestChange[], ours: ManifestChange[], read = TWO) => {
    const error = await rejection(() => merged(theirs, ours, read))
    expect(error.code).toBe('Conflict')
    return [error.field, error.message]
  }
  const otherRows = append(groupOf('id name', { x: 2 }), groupOf('vector', { y: 2 }))

  test('files come behind those of others', () => {
    const { columnGroups } = merged([otherRows], [ROWS])
    expect(columnGroups[0]!.files.map(({ endIndex }) => endIndex)).toEqual([10, 2, 4])
  })

  test('two first appends become one segment, if they are of the same groups', async () => {
    const empty = manifestOf({})
    const [a, b] = [append(groupOf('id', { a: 3 })), append(groupOf('id', { b: 2 }))]
    expect(merged([a], [b], empty).columnGroups).toEqual([groupOf('id', { a: 3, b: 2 })])
    const [field] = await conflict([a], [append(groupOf('key', { b: 2 }))], empty)
    expect(field).toBe('key')
  })

  test('what touches nothing of each other', () => {
    const theirs: ManifestChange[] = [
      statistics('bm25.7', 's2'),
      add('age', { e: 10 }),
      { kind: 'addLobFile', file: lobFileOf('l2') },
    ]
    const ours: ManifestChange[] = [
      { kind: 'addDeltaLog', log: deltaLogOf('d2') },
      statistics('bloom_filter.100', 's3'),
      add('size', { f: 10 }),
      drop('name'),
      addIndex('vector', 8n),
      { kind: 'dropIndex', indexId: 5n },
    ]
    expect(merged(theirs, ours)).toEqual(applyChanges(TWO, [...theirs, ...ours]))
  })

  test('statistics of one key', async () => {
    const [theirs, ours] = [
      statistics('bloom_filter.100', 's2'),
      statistics('bloom_filter.100', 's3'),
    ]
    expect(await conflict([theirs], [ours])).toEqual([
      'bloom_filter.100',
      'Expected the statistics "bloom_filter.100" as they were read but somebody else changed them',
    ])
    expect(
      (await conflict([statistics('constructor', 's')], [statistics('constructor', 't')]))[0],
    ).toBe('constructor')
  })

  test('a column that others dropped, added, appended to or indexed', async () => {
    const name = 'vector'
    const by = async (theirs: ManifestChange, ours = drop(name)) =>
      (await conflict([theirs], [ours]))[1]
    const what = `Expected the column "${name}" to drop as it was read but somebody else`
    expect(await by(drop(name))).toBe(`${what} dropped it`)
    expect(await by(ROWS)).toBe(`${what} changed its files`)
    expect(await by(addIndex(name, 9n))).toMatch(/index 9 \(HNSW\) of "vector" as it was read but/)
    expect(await by(add('age', { e: 10 }), drop('age'))).toMatch(/"age".* added it$/)
  })

  test('an added group beside rows that others changed, or a column that they have, too', async () => {
    const ours = add('age', { e: 10 })
    expect(await conflict([otherRows], [ours])).toEqual([
      'age',
      'Expected the rows that the added group [age] was made for but somebody else changed the files of [id, name]',
    ])
    const [field, message] = await conflict([add('age', { f: 10 })], [ours])
    expect([field, message]).toEqual(['age', expect.stringContaining('"age", which exists')])
    const first = add('id', { a: 3 })
    expect((await conflict([first], [add('v', { b: 3 })], manifestOf({})))[1]).toMatch(
      /\[v\].* committed 3 rows$/,
    )
    // The same rows in other files are not known to be in the same order.
    const rewritten = [drop('id'), drop('name'), drop('vector'), add('id', { n: 10 })]
    expect((await conflict(rewritten, [ours]))[1]).toMatch(/changed the files of \[id, name\]$/)
  })

  test('files for groups that others changed the columns of', async () => {
    expect((await conflict([drop('name')], [ROWS]))[0]).toBe('name')
    expect((await conflict([add('age', { e: 10 })], [ROWS]))[1]).toMatch(/3 groups/)
    const all = ['id', 'name', 'vector'].map(drop)
    expect((await conflict(all, [ROWS]))[1]).toMatch(/somebody else dropped all columns$/)
  })

  test('an index of a column that others appended to, dropped or indexed', async () => {
    const ours = addIndex('vector', 8n)
    expect((await conflict([ROWS], [ours]))[1]).toMatch(/"vector" as it was indexed .* its files$/)
    expect((await conflict([drop('vector')], [ours]))[1]).toMatch(/ dropped it$/)
    const theirs = addIndex('vector', 8n, { buildId: 99n })
    expect((await conflict([theirs], [ours]))[1]).toMatch(/the index 8 /)
    const changed = addIndex('vector', 5n, { buildId: 99n })
    const dropping: ManifestChange = { kind: 'dropIndex', indexId: 5n }
    expect((await conflict([changed], [dropping]))[1]).toMatch(/the index 5 /)
    expect(merged([dropping], [dropping]).indexes).toHaveLength(1)
  })
})
