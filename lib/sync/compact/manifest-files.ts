import {
  type Binlog,
  buildManifestDeltaPath,
  type FieldBinlog,
  writeDeleteLog,
} from '../../binlog/index.js'
import type { DeleteData } from '../../data/index.js'
import {
  type ManifestColumnGroup,
  type ManifestDeltaLog,
  type ManifestStatistics,
  PackedRecordManifestWriter,
} from '../../manifest/index.js'
import type { QuantizedField } from '../../packed/index.js'
import {
  type ArrowRecord,
  allFields,
  type CollectionSchema,
  type FieldGroup,
  primaryKeyField,
  recordBytes,
  splitByDefaultPolicies,
  withSystemFields,
} from '../../schema/index.js'
import {
  averageBytes,
  expectKeysOf,
  keyFilesOf,
  type SegmentIds,
  StatsWriter,
  withCover,
} from '../../segment/index.js'
import { statisticsPath } from '../stage-pack.js'
import { bloomFilterKey, bm25Key } from '../staged-pack.js'
import type { CompactSettings } from './compact-options.js'
import type { NextId } from './new-segments.js'

/** What {@link ManifestFiles} works with. */
export interface ManifestFilesOptions
  extends Pick<CompactSettings, 'chunkManager' | 'bloomFilter' | 'encryption' | 'signal'> {
  /** Folder of the segment. */
  readonly basePath: string
  readonly schema: CollectionSchema
  /** What the delete log says it belongs to. */
  readonly ids: SegmentIds
  readonly nextId: NextId
  /** Fields whose rows are codes of vectors. */
  readonly quantized: readonly QuantizedField[]
  /** What columns are called in the files: by default the ids of their fields, as Milvus does. */
  readonly columnNames?: 'name' | 'fieldId'
}

/** What a manifest is to say of the files. */
export interface WrittenFiles {
  readonly numRows: number
  readonly columnGroups: readonly ManifestColumnGroup[]
  readonly stats: Readonly<Record<string, ManifestStatistics>>
  readonly deltaLogs: readonly ManifestDeltaLog[]
  /** Rows, times and decoded bytes by group, for the metadata, which has no other paths of them. */
  readonly binlogs: readonly FieldBinlog[]
  /** The same of the deletes. */
  readonly deltalogs: readonly FieldBinlog[]
}

/**
 * Writes rows, their statistics and deletes into the folders of a StorageV3 segment. No manifest
 * names them yet.
 */
export class ManifestFiles {
  readonly #options: ManifestFilesOptions
  readonly #schema: CollectionSchema
  readonly #stats: StatsWriter
  readonly #deltaLogs: ManifestDeltaLog[] = []
  readonly #deletes: Binlog[] = []
  /** Decoded bytes and nulls by field. */
  readonly #bytes = new Map<bigint, number>()
  readonly #nulls = new Map<bigint, number>()
  #groups: readonly FieldGroup[] = []
  #published: readonly ManifestColumnGroup[] = []
  #writer: PackedRecordManifestWriter | undefined

  constructor(options: ManifestFilesOptions) {
    const { basePath, chunkManager, bloomFilter = 'blocked', nextId, signal } = options
    this.#options = options
    this.#schema = withSystemFields(options.schema)
    this.#stats = new StatsWriter({
      schema: this.#schema,
      chunkManager,
      allocateId: nextId,
      bloomFilter,
      signal,
      pathOf: (kind, fieldId, logId) =>
        statisticsPath(
          basePath,
          kind === 'stats' ? bloomFilterKey(fieldId) : bm25Key(fieldId),
          logId,
        ),
    })
  }

  get numRows(): number {
    return this.#writer?.rowCount ?? 0
  }

  async write(record: ArrowRecord): Promise<void> {
    this.#writer ??= await this.#open(record)
    await this.#writer.write(record)
    this.#stats.add(record)
    for (const [fieldId, bytes] of recordBytes(record)) {
      const nulls = record.column(fieldId)!.nullCount
      this.#bytes.set(fieldId, (this.#bytes.get(fieldId) ?? 0) + bytes)
      this.#nulls.set(fieldId, (this.#nulls.get(fieldId) ?? 0) + nulls)
    }
  }

  async writeDeletes(deletes: DeleteData): Promise<void> {
    if (deletes.rowCount === 0) return
    const { basePath, chunkManager, ids, nextId, signal } = this.#options
    expectKeysOf(primaryKeyField(this.#schema), deletes)
    const logId = await nextId()
    const path = buildManifestDeltaPath(basePath, logId)
    const { collectionId, partitionId, segmentId } = ids
    const options = {
      format: 'packed',
      collectionId,
      partitionId,
      segmentId,
      logId,
      signal,
    } as const
    const log = await writeDeleteLog(chunkManager, path, deletes, options)
    if (log === undefined) return
    this.#deltaLogs.push({ path, type: 'primaryKey', numEntries: log.entriesNum })
    this.#deletes.push({ ...log, logPath: '', logSize: 0 })
  }

  /** Publish the rows, write the statistics. */
  async finish(): Promise<WrittenFiles> {
    await this.#writer?.close()
    this.#published = this.#writer?.getWrittenManifest().columnGroups ?? []
    const times = this.#writer?.timestampRange ?? { from: 0n, to: 0n }
    await this.#stats.endChunk(times)
    await this.#stats.merge()
    return {
      numRows: this.numRows,
      columnGroups: this.#published,
      stats: this.#statistics(),
      deltaLogs: this.#deltaLogs,
      deltalogs: this.#deleteLists(),
      binlogs: this.#groups.map((group) => this.#placeholder(group, times)),
    }
  }

  /** Remove everything; never fails: what stays is garbage. */
  async remove(): Promise<void> {
    await this.#writer?.abort().catch(() => {})
    const paths = [
      ...this.#published.flatMap(({ files }) => files.map(({ path }) => path)),
      ...this.#stats.paths(),
      ...this.#deltaLogs.map(({ path }) => path),
    ]
    await this.#options.chunkManager.multiRemove(paths).catch(() => {})
  }

  async #open(record: ArrowRecord): Promise<PackedRecordManifestWriter> {
    const { basePath, chunkManager, columnNames = 'fieldId', encryption } = this.#options
    const { quantized, signal } = this.#options
    const names = new Map(
      allFields(this.#schema).map(({ fieldId, name }) => [
        fieldId,
        columnNames === 'fieldId' ? String(fieldId) : name,
      ]),
    )
    this.#groups = splitByDefaultPolicies(this.#schema, { averageBytes: averageBytes([record]) })
    const columns = this.#groups.map(({ fieldIds }) => fieldIds.map((id) => names.get(id)!))
    return PackedRecordManifestWriter.open({
      schema: this.#schema,
      columnNames,
      basePath,
      chunkManager,
      policy: { kind: 'columns', columns },
      quantized,
      ...(encryption === undefined ? {} : { encryption }),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  #statistics(): Record<string, ManifestStatistics> {
    const { statslogs, bm25logs } = this.#stats.lists()
    const keyField = primaryKeyField(this.#schema)
    const { columnNames = 'fieldId' } = this.#options
    const keyName = columnNames === 'fieldId' ? String(keyField.fieldId) : keyField.name
    const files = keyFilesOf(this.#published, (column) => column === keyName)
    const entries = [
      ...statslogs.map((list) => [bloomFilterKey(list.fieldId), list] as const),
      ...bm25logs.map((list) => [bm25Key(list.fieldId), list] as const),
    ]
    return Object.fromEntries(
      entries.map(([key, { binlogs }]) => {
        const bytes = binlogs.reduce((sum, { logSize }) => sum + logSize, 0)
        const paths = binlogs.map(({ logPath }) => logPath)
        const statistics = { paths, metadata: { memory_size: String(bytes) } }
        const isKeys = key === bloomFilterKey(keyField.fieldId)
        return [key, withCover(statistics, files, isKeys ? ['single', 'merged'] : [])]
      }),
    )
  }

  #deleteLists(): FieldBinlog[] {
    if (this.#deletes.length === 0) return []
    const { fieldId } = primaryKeyField(this.#schema)
    return [{ fieldId, binlogs: this.#deletes, childFields: [], format: '' }]
  }

  #placeholder(
    { id, fieldIds }: FieldGroup,
    { from, to }: { from: bigint; to: bigint },
  ): FieldBinlog {
    const log: Binlog = {
      entriesNum: this.numRows,
      timestampFrom: from,
      timestampTo: to,
      logPath: `${this.#options.basePath}/${id}/1`,
      logSize: 0,
      logId: 0n,
      memorySize: fieldIds.reduce((sum, field) => sum + (this.#bytes.get(field) ?? 0), 0),
      fieldNullCounts: new Map(fieldIds.map((field) => [field, this.#nulls.get(field) ?? 0])),
    }
    return { fieldId: id, binlogs: [log], childFields: fieldIds, format: '' }
  }
}
