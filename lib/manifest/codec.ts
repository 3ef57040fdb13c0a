import { expectBytes } from '../codec/index.js'
import { expectObject } from '../config/index.js'
import { encodeAvroFile, isAvroFile, readAvroFile, resolveRecord } from './avro-file.js'
import type { AvroManifest } from './avro-record.js'
import { MANIFEST_TYPE } from './avro-schema.js'
import { corrupted } from './corrupted.js'
import { fromAvroManifest } from './from-avro.js'
import { readLegacyManifest } from './legacy.js'
import type { Manifest } from './model.js'
import { toAvroManifest } from './to-avro.js'

/**
 * The bytes of `_metadata/manifest-N.avro` (an Avro Object Container File of one
 * `milvus_storage.Manifest`), as Milvus writes them but for the sync marker, which is made of the
 * content: the same manifest is the same bytes, unless `sync` is given.
 *
 * @param basePath Base of the segment: paths below its folders are stored without them.
 * @param sync 16 bytes: by them a transaction knows its own file.
 * @throws PackedError InvalidArgument naming the field.
 */
export function encodeManifest(
  manifest: Manifest,
  basePath: string,
  sync?: Uint8Array,
): Uint8Array {
  expectObject(manifest, 'manifest')
  return encodeAvroFile(MANIFEST_TYPE.toBuffer(toAvroManifest(manifest, basePath)), sync)
}

/**
 * The manifest in a file, whoever wrote it: Avro by any older schema, or the raw form before that.
 *
 * @param basePath Base of the segment, which relative paths are joined with.
 * @param path Of the file, for errors.
 * @throws PackedError MetadataCorrupted naming the path: an empty file, bytes that are no manifest,
 *   or too few or too many of them, counts beyond 2^53; NotSupported: a codec of Avro other than
 *   null and deflate.
 */
export function decodeManifest(bytes: Uint8Array, basePath: string, path?: string): Manifest {
  if (expectBytes(bytes, 'bytes').length === 0) {
    throw corrupted('bytes', 'an empty file, which a writer without atomic creation left', path)
  }
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return fromAvroManifest(readAny(buffer, path), basePath, path)
}

function readAny(bytes: Buffer, path: string | undefined): AvroManifest {
  if (!isAvroFile(bytes)) return readLegacyManifest(bytes, path)
  return resolveRecord(readAvroFile(bytes, path), MANIFEST_TYPE, path) as AvroManifest
}
