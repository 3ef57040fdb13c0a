import { expectObject, expectString, parseExact, stringifyExact } from '../config/index.js'
import type { AvroManifest } from './avro-record.js'
import { corrupted, decoding } from './corrupted.js'
import { fromAvroManifest } from './from-avro.js'
import { JsonRecord } from './json-record.js'
import type { Manifest } from './model.js'
import { toAvroManifest } from './to-avro.js'

/** What Milvus calls the version of the model, whatever the number of the manifest. */
const MODEL_VERSION = 6

/**
 * A manifest for people and other programs: JSON with two spaces, keys always in the same order,
 * 64-bit integers as digits. The names are those of Milvus's own listing, and `paths: "relative"`
 * says that paths below the folders of the segment stand without them, as in the Avro form.
 *
 * @param version Number of the manifest.
 * @throws PackedError InvalidArgument naming the field.
 */
export function encodeManifestJson(manifest: Manifest, version: number, basePath: string): string {
  expectObject(manifest, 'manifest')
  const avro = toAvroManifest(manifest, basePath)
  const json = {
    committed_version: version,
    paths: 'relative',
    manifest: {
      version: MODEL_VERSION,
      column_groups: avro.column_groups.map(({ columns, format, files }) => ({
        columns,
        format,
        files: files.map(({ path, start_index, end_index, properties }) => ({
          path,
          start: start_index,
          end: end_index,
          properties,
        })),
      })),
      delta_logs: avro.delta_logs,
      stats: avro.stats,
      indexes: avro.indexes,
      lob_files: avro.lob_files,
    },
  }
  return `${stringifyExact(json, 2)}\n`
}

/**
 * The reverse, with Milvus's own listing too: there paths are whole. Absent fields take the
 * defaults of the Avro schema, unknown ones are ignored.
 *
 * @param path Of the file, for errors.
 * @throws PackedError MetadataCorrupted naming the path and the field.
 */
export function decodeManifestJson(
  text: string,
  basePath: string,
  path?: string,
): { version: number; manifest: Manifest } {
  expectString(text, 'text')
  const root = new JsonRecord(parsed(text, path), 'manifest.json', path)
  const version = Number(root.long('committed_version'))
  if (!Number.isSafeInteger(version) || version < 0) {
    throw corrupted('a committed_version of 0 to 2^53 - 1', String(version), path)
  }
  const paths = root.text('paths', 'whole')
  if (paths !== 'relative' && paths !== 'whole') {
    throw corrupted('"relative" or nothing for paths', JSON.stringify(paths), path)
  }
  const avro = manifestOf(root.record('manifest'))
  const locate = paths === 'whole' ? (stored: string) => stored : undefined
  return { version, manifest: fromAvroManifest(avro, basePath, path, locate) }
}

function parsed(text: string, path: string | undefined): unknown {
  if (text === '') throw corrupted('JSON', 'an empty file', path)
  return decoding('JSON', path, () => parseExact(text))
}

function manifestOf(manifest: JsonRecord): AvroManifest {
  return {
    column_groups: manifest.records('column_groups').map((group) => ({
      columns: group.texts('columns'),
      files: group.records('files').map((file) => ({
        path: file.text('path'),
        start_index: file.long('start', 0n),
        end_index: file.long('end', 0n),
        properties: file.textMap('properties'),
      })),
      format: group.text('format'),
    })),
    delta_logs: manifest.records('delta_logs').map((log) => ({
      path: log.text('path'),
      type: log.int('type'),
      num_entries: log.long('num_entries'),
    })),
    stats: manifest.map('stats', (value, name) => {
      const statistics = manifest.child(value, name)
      return { paths: statistics.texts('paths'), metadata: statistics.textMap('metadata') }
    }),
    indexes: manifest.records('indexes', []).map(indexOf),
    lob_files: manifest.records('lob_files', []).map((file) => ({
      path: file.text('path'),
      field_id: file.long('field_id'),
      total_rows: file.long('total_rows'),
      valid_rows: file.long('valid_rows'),
      file_size_bytes: file.long('file_size_bytes'),
    })),
  }
}

function indexOf(index: JsonRecord): AvroManifest['indexes'][number] {
  return {
    column_name: index.text('column_name'),
    index_name: index.text('index_name', ''),
    index_type: index.text('index_type'),
    path: index.text('path'),
    field_id: index.long('field_id', 0n),
    index_id: index.long('index_id', 0n),
    build_id: index.long('build_id', 0n),
    index_version: index.long('index_version', 0n),
    num_rows: index.long('num_rows', 0n),
    serialized_size: index.long('serialized_size', 0n),
    mem_size: index.long('mem_size', 0n),
    current_index_version: index.int('current_index_version', 0),
    current_scalar_index_version: index.int('current_scalar_index_version', 0),
    index_store_path_version: index.int('index_store_path_version', 0),
    index_file_keys: index.texts('index_file_keys', []),
    properties: index.textMap('properties'),
  }
}
