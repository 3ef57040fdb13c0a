import { describeValue } from '../config/index.js'
import type { AvroFile, AvroIndex, AvroManifest } from './avro-record.js'
import { corrupted } from './corrupted.js'
import { DELTA_LOG_TYPES, type Manifest, type ManifestFile, type ManifestIndex } from './model.js'
import {
  absolutize,
  dataFolder,
  deltaFolder,
  indexFolder,
  lobFolder,
  statsFolder,
} from './paths.js'

/** A path as it is stored, to the one that the manifest speaks of. */
type Locate = (stored: string, folder: string) => string

/**
 * The manifest of an Avro record; `locate` says what its paths mean, the folders of the segment
 * unless told otherwise.
 *
 * @throws PackedError MetadataCorrupted naming the field: a count beyond 2^53 or below zero, a
 *   window that ends before it starts, an unknown type of delta log, an empty path.
 */
export function fromAvroManifest(
  avro: AvroManifest,
  basePath: string,
  path: string | undefined,
  locate: Locate = absolutize,
): Manifest {
  return new Conversion(basePath, path, locate).manifest(avro)
}

class Conversion {
  readonly #basePath: string
  readonly #path: string | undefined
  readonly #locate: Locate

  constructor(basePath: string, path: string | undefined, locate: Locate) {
    this.#basePath = basePath
    this.#path = path
    this.#locate = locate
  }

  manifest(avro: AvroManifest): Manifest {
    const data = dataFolder(this.#basePath)
    const delta = deltaFolder(this.#basePath)
    const stats = statsFolder(this.#basePath)
    const lobs = lobFolder(this.#basePath)
    return {
      columnGroups: avro.column_groups.map(({ columns, files, format }, group) => ({
        columns,
        files: files.map((file, index) =>
          this.#file(file, data, `column_groups[${group}].files[${index}]`),
        ),
        format,
      })),
      deltaLogs: avro.delta_logs.map((log, index) => ({
        path: this.#pathOf(log.path, delta, `delta_logs[${index}].path`),
        type: this.#deltaLogType(log.type, `delta_logs[${index}].type`),
        numEntries: this.#count(log.num_entries, `delta_logs[${index}].num_entries`),
      })),
      stats: Object.fromEntries(
        Object.entries(avro.stats).map(([key, { paths, metadata }]) => [
          key,
          {
            paths: paths.map((one) => this.#pathOf(one, stats, `stats[${JSON.stringify(key)}]`)),
            metadata,
          },
        ]),
      ),
      indexes: avro.indexes.map((index, at) => this.#index(index, `indexes[${at}]`)),
      lobFiles: avro.lob_files.map((file, index) => ({
        path: this.#pathOf(file.path, lobs, `lob_files[${index}].path`),
        fieldId: file.field_id,
        totalRows: this.#count(file.total_rows, `lob_files[${index}].total_rows`),
        validRows: this.#count(file.valid_rows, `lob_files[${index}].valid_rows`),
        fileSizeBytes: this.#count(file.file_size_bytes, `lob_files[${index}].file_size_bytes`),
      })),
    }
  }

  #file(file: AvroFile, folder: string, name: string): ManifestFile {
    const startIndex = this.#count(file.start_index, `${name}.start_index`, -1)
    return {
      path: this.#pathOf(file.path, folder, `${name}.path`),
      startIndex,
      endIndex: this.#count(file.end_index, `${name}.end_index`, startIndex),
      properties: file.properties,
    }
  }

  #index(index: AvroIndex, name: string): ManifestIndex {
    return {
      columnName: index.column_name,
      indexName: index.index_name,
      indexType: index.index_type,
      path: this.#locate(index.path, indexFolder(this.#basePath)),
      fieldId: index.field_id,
      indexId: index.index_id,
      buildId: index.build_id,
      indexVersion: index.index_version,
      numRows: this.#count(index.num_rows, `${name}.num_rows`),
      serializedSizeBytes: this.#count(index.serialized_size, `${name}.serialized_size`),
      memSizeBytes: this.#count(index.mem_size, `${name}.mem_size`),
      currentIndexVersion: index.current_index_version,
      currentScalarIndexVersion: index.current_scalar_index_version,
      indexStorePathVersion: index.index_store_path_version,
      indexFileKeys: index.index_file_keys,
      properties: index.properties,
    }
  }

  #pathOf(stored: string, folder: string, name: string): string {
    if (stored !== '') return this.#locate(stored, folder)
    throw corrupted(`a path for ${name}`, describeValue(stored), this.#path)
  }

  #deltaLogType(type: number, name: string) {
    const known = DELTA_LOG_TYPES[type]
    if (known !== undefined) return known
    throw corrupted(`0, 1 or 2 for ${name}`, String(type), this.#path)
  }

  #count(value: bigint, name: string, min = 0): number {
    const count = Number(value)
    if (Number.isSafeInteger(count) && count >= min) return count
    throw corrupted(`an integer from ${min} to 2^53 - 1 for ${name}`, String(value), this.#path)
  }
}
