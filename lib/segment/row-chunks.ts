import type { RecordBatch } from 'apache-arrow'
import { filesOfChunks, logIdOf } from '../binlog/index.js'
import { rowsOfManifest } from '../manifest/index.js'
import { type KeySet, PackedRows, planRecordReader, withoutWrongSizes } from '../packed/index.js'
import { groupsOfFields, openManifestFiles } from './manifest-part.js'
import type { SegmentPart } from './segment-parts.js'
import type { SegmentReaderSettings } from './segment-reader-options.js'
import type { ManifestPart } from './segment-source.js'
import { chunksOfV1 } from './v1-rows.js'

/** Rows with one of the keys that were looked for (they ascend), and what was read for it. */
export interface ChunkHits {
  readonly rows: Float64Array
  /** Position of the key of each row. */
  readonly keys: Int32Array
  readonly rowGroupsRead: number
  readonly rowGroupsSkipped: number
  readonly filesRead: number
  readonly filesSkipped: number
}

/** Some columns of a chunk, open. */
export interface ChunkRows {
  readonly numRows: number
  /** The rows at these positions, in this order and as often as they are named. */
  take(positions: Float64Array): Promise<RecordBatch>
  /** The rows whose value in the first of the columns is one of the keys. */
  findKeys(keys: KeySet): Promise<ChunkHits>
  close(): Promise<void>
}

/** Rows of a segment that are opened together. */
export interface RowChunk {
  /** As the metadata has them; undefined where it does not say. */
  readonly rows: number | undefined
  /** Ids of its insert logs; none where they have no ids. */
  readonly logIds: readonly bigint[]
  /** How many files hold one of the fields. */
  countFiles(fieldIds: readonly bigint[]): number
  /** @throws PackedError as `SegmentReader.open`. */
  open(fieldIds: readonly bigint[]): Promise<ChunkRows>
}

/** The chunks of a segment in the order of their rows. @throws PackedError as `SegmentReader.open`. */
export function rowChunks(
  parts: readonly (SegmentPart | ManifestPart)[],
  settings: SegmentReaderSettings,
): RowChunk[] {
  return parts.flatMap((part): RowChunk[] => {
    if (part.storageVersion === 3) return [chunkOfManifest(part, settings)]
    return part.storageVersion === 0 ? chunksOfV1(part, settings) : chunksOfGroups(part, settings)
  })
}

/** Options of the reader that mean the same for rows by position. */
function openOptions({ passedOn, storage }: SegmentReaderSettings) {
  const { mmap, lenient, keyRetriever, copy, maxOutstandingBytes, signal } = passedOn
  const given = Object.entries({ mmap, lenient, keyRetriever, copy, maxOutstandingBytes, signal })
  return { storage, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) }
}

function chunksOfGroups({ binlogs }: SegmentPart, settings: SegmentReaderSettings): RowChunk[] {
  const { schema, chunkManager, location } = settings
  const options = {
    ...openOptions(settings),
    chunkManager,
    ...(location === undefined ? {} : { location }),
  }
  const filesOf = (fieldIds: readonly bigint[]) =>
    filesOfChunks(binlogs, schema, { ...options, columns: fieldIds })
  // Of every group: what is wrong with one of them shows at once.
  return filesOf([]).map((_, chunk): RowChunk => {
    const logs = binlogs.flatMap((list) => list.binlogs[chunk] ?? [])
    return {
      rows: logs[0]?.entriesNum || undefined,
      logIds: logs.map(logIdOf),
      countFiles: (fieldIds) => filesOf(fieldIds)[chunk]!.length,
      open: async (fieldIds) => {
        const paths = [filesOf(fieldIds)[chunk]!]
        const plan = planRecordReader({
          ...openOptions(settings),
          schema,
          columns: fieldIds,
          paths,
        })
        const open = () =>
          withoutWrongSizes(plan.chunks[0]!, (files) =>
            PackedRows.open({ ...plan.reader, paths: files }),
          )
        return packedRows(await open())
      },
    }
  })
}

function chunkOfManifest(
  { manifest, idOf }: ManifestPart,
  settings: SegmentReaderSettings,
): RowChunk {
  const { schema } = settings
  return {
    rows: rowsOfManifest(manifest),
    logIds: [],
    countFiles: (fieldIds) =>
      groupsOfFields(manifest, new Set(fieldIds), idOf).reduce(
        (sum, { files }) => sum + files.length,
        0,
      ),
    open: async (fieldIds) => {
      const options = { ...openOptions(settings), schema, fieldIds, idOf }
      return packedRows(
        await openManifestFiles(manifest, options, (files) => PackedRows.open(files)),
      )
    },
  }
}

function packedRows(rows: PackedRows): ChunkRows {
  return {
    numRows: rows.numRows,
    take: (positions) => rows.take(positions),
    findKeys: (keys) => rows.find(0, keys),
    close: () => rows.close(),
  }
}
