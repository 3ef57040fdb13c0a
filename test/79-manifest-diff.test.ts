/** What changed between two manifests. */
import fc from 'fast-check'
import {
  applyChanges,
  diffManifests,
  EMPTY_MANIFEST,
  isEmptyDiff,
  type ManifestChange,
} from '../lib/manifest/index.js'
import {
  BASE,
  deltaLogOf,
  fileOf,
  groupOf,
  indexOf,
  lobFileOf,
  manifestOf,
  statisticsOf,
} from './support/manifest-parts.js'
import { arbitraryManifest } from './support/manifests.js'

const BEFORE = manifestOf({
  columnGroups: [groupOf('id title', { a: 10 }), groupOf('vector', { b: 10 })],
  deltaLogs: [deltaLogOf('1')],
  stats: { 'bloom_filter.100': statisticsOf('1'), 'bm25.101': statisticsOf('2') },
  indexes: [indexOf('vector', 7n)],
  lobFiles: [lobFileOf('x')],
})

const NOTHING = {
  columnsAdded: [],
  columnsDropped: [],
  groupsAdded: [],
  groupsDropped: [],
  filesAdded: [],
  filesRemoved: [],
  deltaLogsAdded: [],
  deltaLogsRemoved: [],
  statistics: [],
  indexesAdded: [],
  indexesDropped: [],
  lobFilesAdded: [],
  lobFilesRemoved: [],
  rowsBefore: 10,
  rowsAfter: 10,
}

const vectorIndex = indexOf('vector', 7n)
const replaced = indexOf('vector', 7n, { indexType: 'DISKANN' })

test.each<[string, ManifestChange[], Partial<typeof NOTHING> | object]>([
  [
    'appended files, which drop indexes',
    [{ kind: 'appendFiles', groups: [groupOf('id title', { c: 5 }), groupOf('vector', { d: 5 })] }],
    {
      filesAdded: [
        { columns: ['id', 'title'], files: [fileOf('c', 5)], rows: 5 },
        { columns: ['vector'], files: [fileOf('d', 5)], rows: 5 },
      ],
      indexesDropped: [vectorIndex],
      rowsAfter: 15,
    },
  ],
  [
    'the same file once more',
    [
      {
        kind: 'appendFiles',
        groups: [groupOf('id title', { a: 10 }), groupOf('vector', { b: 10 })],
      },
    ],
    {
      filesAdded: [
        { columns: ['id', 'title'], files: [fileOf('a', 10)], rows: 10 },
        { columns: ['vector'], files: [fileOf('b', 10)], rows: 10 },
      ],
      indexesDropped: [vectorIndex],
      rowsAfter: 20,
    },
  ],
  ['a column of a group', [{ kind: 'dropColumn', name: 'title' }], { columnsDropped: ['title'] }],
  [
    'a whole group',
    [{ kind: 'dropColumn', name: 'vector' }],
    {
      columnsDropped: ['vector'],
      groupsDropped: [groupOf('vector', { b: 10 })],
      indexesDropped: [vectorIndex],
    },
  ],
  [
    'a column that was written anew',
    [
      { kind: 'dropColumn', name: 'vector' },
      { kind: 'addColumnGroup', group: groupOf('vector more', { e: 10 }) },
    ],
    {
      columnsAdded: ['more'],
      groupsDropped: [groupOf('vector', { b: 10 })],
      groupsAdded: [groupOf('vector more', { e: 10 })],
      indexesDropped: [vectorIndex],
    },
  ],
  [
    'deletes, statistics, indexes, large values',
    [
      { kind: 'addDeltaLog', log: deltaLogOf('2', 7) },
      { kind: 'updateStatistics', key: 'bm25.101', statistics: statisticsOf('3') },
      { kind: 'updateStatistics', key: 'bloom_filter.100', statistics: statisticsOf('1') },
      { kind: 'updateStatistics', key: 'new', statistics: statisticsOf('4') },
      { kind: 'addIndex', index: replaced },
      { kind: 'addLobFile', file: lobFileOf('y') },
    ],
    {
      deltaLogsAdded: [deltaLogOf('2', 7)],
      statistics: [
        { key: 'bm25.101', before: statisticsOf('2'), after: statisticsOf('3') },
        { key: 'new', before: undefined, after: statisticsOf('4') },
      ],
      indexesAdded: [replaced],
      indexesDropped: [vectorIndex],
      lobFilesAdded: [lobFileOf('y')],
    },
  ],
])('%s', (_, changes, expected) => {
  const after = applyChanges(BEFORE, changes)
  expect(diffManifests(BEFORE, after)).toEqual({ ...NOTHING, ...expected })
})

test('files that nobody has counted leave the rows open', () => {
  const uncounted = { path: `${BASE}/x`, startIndex: -1, endIndex: -1, properties: {} }
  const after = manifestOf({
    columnGroups: [{ columns: ['id', 'title'], files: [uncounted], format: 'parquet' }],
  })
  expect(diffManifests(EMPTY_MANIFEST, after)).toMatchObject({
    rowsBefore: 0,
    rowsAfter: undefined,
  })
})

test('equal manifests have no difference; the way back has the same things on the other side', () => {
  const manifests = fc.tuple(arbitraryManifest('seg'), arbitraryManifest('seg'))
  fc.assert(
    fc.property(manifests, ([one, other]) => {
      expect(isEmptyDiff(diffManifests(one, structuredClone(one)))).toBe(true)
      const there = diffManifests(one, other)
      const back = diffManifests(other, one)
      expect(back.deltaLogsRemoved).toEqual(there.deltaLogsAdded)
      expect(back.indexesDropped).toEqual(there.indexesAdded)
      expect(back.lobFilesAdded).toEqual(there.lobFilesRemoved)
      expect(back.columnsAdded).toEqual(there.columnsDropped)
      expect(back.statistics).toEqual(
        there.statistics.map(({ key, before, after }) => ({ key, before: after, after: before })),
      )
    }),
  )
})
