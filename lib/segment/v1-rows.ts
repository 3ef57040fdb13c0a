import type { RecordBatch } from 'apache-arrow'
import {
  alignChunks,
  type FieldBinlog,
  openBinlogRecordReader,
  type V1Chunk,
} from '../binlog/index.js'
import { gatherRows, type KeySet, type RecordReader } from '../packed/index.js'
import { type ArrowRecord, TIMESTAMP_FIELD } from '../schema/index.js'
import { bareBinlog } from './bare-binlog.js'
import type { ChunkHits, ChunkRows, RowChunk } from './row-chunks.js'
import type { SegmentPart } from './segment-parts.js'
import type { SegmentReaderSettings } from './segment-reader-options.js'

/**
 * The chunks of StorageV1, a log per field each. Nothing says which page of a log has a row or a
 * key: columns are read from their first row on, as far as rows are wanted.
 */
export function chunksOfV1({ binlogs }: SegmentPart, settings: SegmentReaderSettings): RowChunk[] {
  const idOf = new Map(
    binlogs.flatMap((list) => list.binlogs.map((log) => [log.logPath, log.logId])),
  )
  return alignChunks(binlogs, settings.location).map((chunk) => {
    const ids = [...chunk.paths.values()].map((path) => idOf.get(path) ?? 0n)
    return new V1Rows(chunk, ids, settings)
  })
}

class V1Rows implements RowChunk {
  readonly rows: number | undefined
  readonly logIds: readonly bigint[]
  readonly #chunk: V1Chunk
  readonly #settings: SegmentReaderSettings

  constructor(chunk: V1Chunk, logIds: readonly bigint[], settings: SegmentReaderSettings) {
    this.rows = chunk.rows === 0 ? undefined : chunk.rows
    this.logIds = logIds
    this.#chunk = chunk
    this.#settings = settings
  }

  countFiles(fieldIds: readonly bigint[]): number {
    return fieldIds.filter((id) => this.#chunk.paths.has(id)).length
  }

  async open(fieldIds: readonly bigint[]): Promise<ChunkRows> {
    return {
      numRows: this.rows ?? (await this.#count()),
      take: (positions) => this.#take(fieldIds, positions),
      findKeys: (keys) => this.#findKeys(fieldIds[0]!, keys),
      // A log is open only while it is read.
      close: async () => {},
    }
  }

  async #count(): Promise<number> {
    let rows = 0
    for await (const { record } of this.#records([TIMESTAMP_FIELD])) rows += record.numRows
    return rows
  }

  async #findKeys(fieldId: bigint, keys: KeySet): Promise<ChunkHits> {
    const rows: number[] = []
    const found: number[] = []
    for await (const { record, firstRow } of this.#records([fieldId])) {
      const hits = await keys.find(record.column(fieldId)!)
      for (const row of hits.rows) rows.push(firstRow + row)
      for (const key of hits.keys) found.push(key)
    }
    return {
      ...{ rows: Float64Array.from(rows), keys: Int32Array.from(found) },
      ...{ rowGroupsRead: 1, rowGroupsSkipped: 0, filesRead: 1, filesSkipped: 0 },
    }
  }

  async #take(fieldIds: readonly bigint[], positions: Float64Array): Promise<RecordBatch> {
    const distinct = [...new Set(positions)].sort((left, right) => left - right)
    const pieces: RecordBatch[] = []
    let next = 0
    for await (const { record, firstRow } of this.#records(fieldIds)) {
      const first = next
      while (next < distinct.length && distinct[next]! < firstRow + record.numRows) next++
      const rows = distinct.slice(first, next).map((row) => row - firstRow)
      const batch = record.toBatch()
      if (rows.length > 0 || pieces.length === 0) {
        pieces.push(await gatherRows(batch.schema, [batch], Float64Array.from(rows)))
      }
      if (next === distinct.length) break
    }
    const places = new Map(distinct.map((row, place) => [row, place]))
    const { copy, maxOutstandingBytes } = this.#settings.passedOn
    return gatherRows(
      pieces[0]!.schema,
      pieces,
      positions.map((row) => places.get(row)!),
      {
        ...(copy === undefined ? {} : { copy }),
        ...(maxOutstandingBytes === undefined ? {} : { maxOutstandingBytes }),
      },
    )
  }

  /** The records of the chunk, each with the position of its first row. */
  async *#records(
    fieldIds: readonly bigint[],
  ): AsyncGenerator<{ record: ArrowRecord; firstRow: number }, void, undefined> {
    const reader = await this.#openReader(fieldIds)
    try {
      let firstRow = 0
      for (let record = await reader.next(); record !== null; record = await reader.next()) {
        yield { record, firstRow }
        firstRow += record.numRows
      }
    } finally {
      await reader.close()
    }
  }

  #openReader(columns: readonly bigint[]): Promise<RecordReader> {
    const { schema, chunkManager, decryptor, signal } = this.#settings
    const { paths, rows } = this.#chunk
    const lists = [...paths].map(([fieldId, path]): FieldBinlog => {
      const binlog = { ...bareBinlog({ path, logId: 0n, sizeBytes: 0 }), entriesNum: rows }
      return { fieldId, binlogs: [binlog], childFields: [], format: '' }
    })
    return openBinlogRecordReader(lists, schema, {
      ...{ storageVersion: 0, chunkManager, columns },
      ...(decryptor === undefined ? {} : { decryptor }),
      ...(signal === undefined ? {} : { signal }),
    })
  }
}
