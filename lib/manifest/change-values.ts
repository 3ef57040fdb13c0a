import {
  expectId,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectText,
  unexpected,
} from '../config/index.js'
import {
  DELTA_LOG_TYPES,
  type ManifestColumnGroup,
  type ManifestDeltaLog,
  type ManifestFile,
  type ManifestIndex,
  type ManifestLobFile,
  type ManifestStatistics,
} from './model.js'
import {
  absolutize,
  dataFolder,
  deltaFolder,
  indexFolder,
  lobFolder,
  relativize,
  statsFolder,
} from './paths.js'

/*
 * What a caller gives to a transaction, checked and copied: frozen, so that manifests may share it,
 * with paths as they will be read back. `base` is the folder of the segment. All throw PackedError
 * InvalidArgument naming what is wrong.
 */

const LEAST_LONG = -(2n ** 63n)
const LEAST_INT = -(2 ** 31)

export function expectColumnGroups(value: unknown, base: string): readonly ManifestColumnGroup[] {
  const groups = expectArray(value, 'groups')
  if (groups.length === 0) throw unexpected('at least one group', 'groups', value)
  return list(groups, 'groups', (group, name) => expectColumnGroup(group, base, name))
}

export function expectColumnGroup(
  value: unknown,
  base: string,
  name = 'group',
): ManifestColumnGroup {
  const given = expectFields(value, name, ['columns', 'files', 'format'])
  const columns = list(expectArray(given.columns, `${name}.columns`), `${name}.columns`, expectText)
  if (columns.length === 0) throw unexpected('at least one column', `${name}.columns`, columns)
  const twice = columns.find((column, at) => columns.indexOf(column) !== at)
  if (twice !== undefined) throw unexpected('different columns', `${name}.columns`, twice)
  return Object.freeze({
    columns,
    files: list(expectArray(given.files, `${name}.files`), `${name}.files`, (file, fileName) =>
      expectFile(file, dataFolder(base), fileName),
    ),
    format: expectText(given.format, `${name}.format`),
  })
}

function expectFile(value: unknown, folder: string, name: string): ManifestFile {
  const given = expectFields(value, name, ['path', 'startIndex', 'endIndex', 'properties'])
  const startIndex = expectInteger(given.startIndex, `${name}.startIndex`, { min: -1 })
  const endIndex = expectInteger(given.endIndex, `${name}.endIndex`, { min: -1 })
  if (endIndex < startIndex) {
    throw unexpected(`an integer >= ${startIndex}`, `${name}.endIndex`, endIndex)
  }
  return Object.freeze({
    path: expectPath(given.path, folder, `${name}.path`),
    startIndex,
    endIndex,
    properties: expectTexts(given.properties, `${name}.properties`),
  })
}

export function expectDeltaLog(value: unknown, base: string): ManifestDeltaLog {
  const given = expectFields(value, 'log', ['path', 'type', 'numEntries'])
  return Object.freeze({
    path: expectPath(given.path, deltaFolder(base), 'log.path'),
    type: expectOneOf(given.type, 'log.type', DELTA_LOG_TYPES),
    numEntries: expectInteger(given.numEntries, 'log.numEntries'),
  })
}

export function expectStatistics(value: unknown, base: string): ManifestStatistics {
  const given = expectFields(value, 'statistics', ['paths', 'metadata'])
  const paths = expectArray(given.paths, 'statistics.paths')
  return Object.freeze({
    paths: list(paths, 'statistics.paths', (path, name) =>
      expectPath(path, statsFolder(base), name),
    ),
    metadata: expectTexts(given.metadata, 'statistics.metadata'),
  })
}

export function expectIndex(value: unknown, base: string): ManifestIndex {
  const given = expectFields(value, 'index', [
    ...['columnName', 'indexName', 'indexType', 'path'],
    ...['fieldId', 'indexId', 'buildId', 'indexVersion'],
    ...['numRows', 'serializedSizeBytes', 'memSizeBytes'],
    ...['currentIndexVersion', 'currentScalarIndexVersion', 'indexStorePathVersion'],
    ...['indexFileKeys', 'properties'],
  ])
  const long = (key: string): bigint => expectLong(given[key], `index.${key}`)
  const count = (key: string): number => expectInteger(given[key], `index.${key}`)
  const int = (key: string): number =>
    expectInteger(given[key], `index.${key}`, { min: LEAST_INT, max: -LEAST_INT - 1 })
  const keys = expectArray(given.indexFileKeys, 'index.indexFileKeys')
  return Object.freeze({
    columnName: expectText(given.columnName, 'index.columnName'),
    indexName: expectString(given.indexName, 'index.indexName'),
    indexType: expectText(given.indexType, 'index.indexType'),
    path: storedPath(expectString(given.path, 'index.path'), indexFolder(base)),
    fieldId: long('fieldId'),
    indexId: long('indexId'),
    buildId: long('buildId'),
    indexVersion: long('indexVersion'),
    numRows: count('numRows'),
    serializedSizeBytes: count('serializedSizeBytes'),
    memSizeBytes: count('memSizeBytes'),
    currentIndexVersion: int('currentIndexVersion'),
    currentScalarIndexVersion: int('currentScalarIndexVersion'),
    indexStorePathVersion: int('indexStorePathVersion'),
    indexFileKeys: list(keys, 'index.indexFileKeys', expectText),
    properties: expectTexts(given.properties, 'index.properties'),
  })
}

/** Not 0, which is what every index without an id has. */
export function expectIndexId(value: unknown): bigint {
  const id = expectLong(value, 'indexId')
  if (id === 0n) throw unexpected('the id of an index', 'indexId', id)
  return id
}

export function expectLobFile(value: unknown, base: string): ManifestLobFile {
  const keys = ['path', 'fieldId', 'totalRows', 'validRows', 'fileSizeBytes']
  const given = expectFields(value, 'file', keys)
  return Object.freeze({
    path: expectPath(given.path, lobFolder(base), 'file.path'),
    fieldId: expectId(given.fieldId, 'file.fieldId'),
    totalRows: expectInteger(given.totalRows, 'file.totalRows'),
    validRows: expectInteger(given.validRows, 'file.validRows'),
    fileSizeBytes: expectInteger(given.fileSizeBytes, 'file.fileSizeBytes'),
  })
}

function expectPath(value: unknown, folder: string, name: string): string {
  return storedPath(expectText(value, name), folder)
}

function storedPath(path: string, folder: string): string {
  return absolutize(relativize(path, folder), folder)
}

function expectFields(
  value: unknown,
  name: string,
  known: readonly string[],
): Record<string, unknown> {
  const given = expectObject(value, name)
  expectKnownKeys(given, known, name)
  return given
}

function expectArray(value: unknown, name: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw unexpected('an array', name, value)
}

function list<T>(
  values: readonly unknown[],
  name: string,
  expect: (value: unknown, name: string) => T,
): readonly T[] {
  return Object.freeze(values.map((value, at) => expect(value, `${name}[${at}]`)))
}

function expectTexts(value: unknown, name: string): Readonly<Record<string, string>> {
  const entries = Object.entries(expectObject(value, name))
  return Object.freeze(
    Object.fromEntries(
      entries.map(([key, text]) => [key, expectString(text, `${name}["${key}"]`)]),
    ),
  )
}

function expectString(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw unexpected('a string', name, value)
}

function expectLong(value: unknown, name: string): bigint {
  const long = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof long === 'bigint' && long >= LEAST_LONG && long < -LEAST_LONG) return long
  throw unexpected('a 64-bit integer (bigint or safe integer)', name, value)
}
