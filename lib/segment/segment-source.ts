import { type FieldBinlog, openBinlogRecordReader } from '../binlog/index.js'
import { type Manifest, rowsOfManifest } from '../manifest/index.js'
import type { RecordReader, VisibilityFilter } from '../packed/index.js'
import { primaryKeyField, TIMESTAMP_FIELD } from '../schema/index.js'
import { openManifestRows } from './manifest-part.js'
import {
  type FieldIdOf,
  fieldIdsBy,
  keyDeletesOf,
  listsOfManifest,
  openSegmentManifest,
  storedInManifest,
} from './manifest-segment.js'
import { rowsOf, type SegmentPart, segmentParts, storedFields } from './segment-parts.js'
import type { SegmentReaderSettings } from './segment-reader-options.js'

/** All rows of a StorageV3 segment. */
export interface ManifestPart {
  readonly storageVersion: 3
  readonly manifest: Manifest
  readonly idOf: FieldIdOf
}

/** Where the rows of a segment come from, and what deletes some of them. */
export interface SegmentSource {
  /** What one record reader reads each. */
  readonly parts: readonly (SegmentPart | ManifestPart)[]
  /** Field ids that all parts store; undefined where a part does not say it. */
  readonly stored: ReadonlySet<bigint> | undefined
  readonly numRows: number
  readonly deltalogs: readonly FieldBinlog[]
  /** Statistics of primary keys. */
  readonly statslogs: readonly FieldBinlog[]
}

/** Read the manifest, or tell the logs apart. @throws PackedError as `SegmentReader.open`. */
export async function openSource(settings: SegmentReaderSettings): Promise<SegmentSource> {
  const { chunkManager, deltalogs, manifest: path, schema, signal } = settings
  if (path === undefined) {
    const parts = await segmentParts(settings.binlogs, settings)
    const { statslogs } = settings
    return { parts, stored: storedFields(parts), numRows: rowsOf(parts), deltalogs, statslogs }
  }
  const { manifest } = await openSegmentManifest(chunkManager, path, { signal })
  const idOf = fieldIdsBy(schema)
  const isEmpty = manifest.columnGroups.length === 0
  return {
    parts: isEmpty ? [] : [{ storageVersion: 3, manifest, idOf }],
    stored: isEmpty ? undefined : storedInManifest(manifest, idOf),
    numRows: rowsOfManifest(manifest) ?? 0,
    deltalogs: [...(settings.manifestDeletes ? keyDeletesOf(manifest) : []), ...deltalogs],
    statslogs: listsOfManifest(manifest).statslogs,
  }
}

/** A reader of the visible rows of a part that the filter is true for, with the columns asked for. */
export function openPartRows(
  part: SegmentPart | ManifestPart,
  settings: SegmentReaderSettings,
  fieldIds: readonly bigint[],
  visibility: VisibilityFilter | undefined,
): Promise<RecordReader> {
  const { schema, chunkManager, storage, location, decryptor, passedOn, filter: wanted } = settings
  const rows = {
    ...passedOn,
    storage,
    ...(visibility === undefined
      ? {}
      : { visibility: visibility.native(primaryKeyField(schema).fieldId, TIMESTAMP_FIELD) }),
    ...(wanted === undefined ? {} : { filter: wanted.filter }),
  }
  if (part.storageVersion === 3) {
    const { manifest, idOf } = part
    return openManifestRows(manifest, { ...rows, schema, fieldIds, idOf })
  }
  return openBinlogRecordReader(part.binlogs, schema, {
    ...rows,
    storageVersion: part.storageVersion,
    chunkManager,
    columns: fieldIds,
    ...(location === undefined ? {} : { location }),
    ...(decryptor === undefined ? {} : { decryptor }),
  })
}
