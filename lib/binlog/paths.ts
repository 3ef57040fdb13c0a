import { expectId, expectObject } from '../config/index.js'
import {
  buildLogPath,
  expectPartition,
  expectVersion,
  type Id,
  joinBelow,
  type LogKind,
  type LogPath,
  type LogPathOptions,
  parseLogPath,
} from './log-path.js'

/**
 * Builders and parsers of the paths of a segment's files.
 *
 * A root is a key prefix or a directory; duplicate slashes and `.` go, `..` is refused. Ids are
 * not negative (a partition may be -1 for all) and below 2^63. Wrong ones are InvalidArgument, so
 * that nothing built here leaves the root.
 */

/** Builds the path of a log that belongs to a field or a column group. */
type FieldLogPathBuilder = (
  root: string,
  collectionId: Id,
  partitionId: Id,
  segmentId: Id,
  groupOrFieldId: Id,
  logId: Id,
  options?: LogPathOptions,
) => string

function ofField(kind: 'insert' | 'stats' | 'bm25'): FieldLogPathBuilder {
  return (root, collection, partition, segment, field, log, options) =>
    buildLogPath(kind, root, { collection, partition, segment, field, log }, options)
}

/** `{root}/insert_log/{collection}/{partition}/{segment}/{field or group}/{log}`. */
export const buildInsertLogPath = ofField('insert')

/** `{root}/stats_log/{collection}/{partition}/{segment}/{field}/{log}`; log 1 is the merged one. */
export const buildStatsLogPath = ofField('stats')

/** `{root}/bm25_stats/{collection}/{partition}/{segment}/{field}/{log}`; log 1 is the merged one. */
export const buildBm25LogPath = ofField('bm25')

/** `{root}/delta_log/{collection}/{partition}/{segment}/{log}`. */
export function buildDeltaLogPath(
  root: string,
  collectionId: Id,
  partitionId: Id,
  segmentId: Id,
  logId: Id,
  options?: LogPathOptions,
): string {
  const ids = { collection: collectionId, partition: partitionId, segment: segmentId }
  return buildLogPath('delta', root, { ...ids, log: logId }, options)
}

/** What an index or a statistic outside the logs belongs to. */
export interface BuildPathIds {
  buildId: Id
  version: number
  collectionId: Id
  partitionId: Id
  segmentId: Id
  fieldId: Id
}

function buildParts(ids: BuildPathIds): (bigint | number)[] {
  expectObject(ids, 'ids')
  return [
    expectId(ids.buildId, 'buildId'),
    expectVersion(ids.version, 'version'),
    expectId(ids.collectionId, 'collectionId'),
    expectPartition(ids.partitionId, 'partitionId'),
    expectId(ids.segmentId, 'segmentId'),
    expectId(ids.fieldId, 'fieldId'),
  ]
}

/** Folder of a text index: `{root}/text_log/{build}/{version}/{c}/{p}/{s}/{field}`. */
export function buildTextIndexPath(root: string, ids: BuildPathIds): string {
  return joinBelow(root, ['text_log', ...buildParts(ids)])
}

/**
 * Folder of JSON statistics: `{root}/json_stats/{format}/{build}/{version}/{c}/{p}/{s}/{field}`.
 *
 * @throws PackedError InvalidArgument.
 */
export function buildJsonStatsPath(root: string, format: number, ids: BuildPathIds): string {
  return joinBelow(root, ['json_stats', expectVersion(format, 'format'), ...buildParts(ids)])
}

/**
 * Base of a StorageV3 segment: `{root}/insert_log/{collection}/{partition}/{segment}`.
 *
 * @throws PackedError InvalidArgument.
 */
export function buildSegmentBasePath(
  root: string,
  collectionId: Id,
  partitionId: Id,
  segmentId: Id,
): string {
  return joinBelow(root, [
    'insert_log',
    expectId(collectionId, 'collectionId'),
    expectPartition(partitionId, 'partitionId'),
    expectId(segmentId, 'segmentId'),
  ])
}

/**
 * Delete log of a StorageV3 segment: `{base}/_delta/{log}`.
 *
 * @throws PackedError InvalidArgument.
 */
export function buildManifestDeltaPath(basePath: string, logId: Id): string {
  return joinBelow(basePath, ['_delta', expectId(logId, 'logId')])
}

type LogPathParser = (path: string, options?: LogPathOptions) => LogPath | undefined

function parserOf(kind: LogKind): LogPathParser {
  return (path, options) => parseLogPath(kind, path, options)
}

/** The parts of the path of an insert log, undefined where it is none. */
export const parseInsertLogPath = parserOf('insert')

/** The parts of the path of primary-key statistics, undefined where it is none. */
export const parseStatsLogPath = parserOf('stats')

/** The parts of the path of BM25 statistics, undefined where it is none. */
export const parseBm25LogPath = parserOf('bm25')

/** The parts of the path of a delete log, undefined where it is none. */
export const parseDeltaLogPath = parserOf('delta')
