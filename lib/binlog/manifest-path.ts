import {
  expectInteger,
  expectObject,
  expectString,
  expectText,
  parseExact,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'

/** Which manifest a StorageV3 segment has (`SegmentInfo.manifest_path`). */
export interface ManifestPath {
  /** Manifest number; -1 the latest there is, 0 none yet. */
  version: number
  /** Base of the segment; a bucket may stand in front. */
  basePath: string
}

/** `{"ver":3,"base_path":"files/insert_log/1/2/3"}`. @throws PackedError InvalidArgument. */
export function buildManifestPath(path: ManifestPath): string {
  const { version, basePath } = expectObject(path, 'path')
  return JSON.stringify({
    ver: expectInteger(version, 'version', { min: -1 }),
    base_path: expectText(basePath, 'basePath'),
  })
}

/**
 * The reverse; undefined for an empty string, which stands for no manifest.
 *
 * @throws PackedError MetadataCorrupted.
 */
export function parseManifestPath(text: string): ManifestPath | undefined {
  expectString(text, 'text')
  if (text === '') return undefined
  const parsed = parsedJson(text)
  const { ver, base_path } = (parsed ?? {}) as { ver?: unknown; base_path?: unknown }
  if (typeof ver !== 'number' || !Number.isSafeInteger(ver) || ver < -1) {
    throw malformed('a "ver" that is an integer >= -1', text)
  }
  if (typeof base_path !== 'string' || base_path === '') {
    throw malformed('a "base_path" that is a non-empty string', text)
  }
  return { version: ver, basePath: base_path }
}

function parsedJson(text: string): unknown {
  try {
    return parseExact(text)
  } catch {
    throw malformed('JSON', text)
  }
}

function malformed(expected: string, text: string): PackedError {
  return new PackedError(
    'MetadataCorrupted',
    `Expected ${expected} for a manifest path but received ${JSON.stringify(text.slice(0, 80))}`,
  )
}
