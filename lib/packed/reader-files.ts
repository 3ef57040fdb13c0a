import {
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectText,
  unexpected,
} from '../config/index.js'
import type { NativeReaderOptions } from '../native/index.js'

/**
 * A file with what is known of it. An object store is then asked for less: with its size, one
 * request opens a file; without, two.
 */
export interface PackedFile {
  path: string
  /** Size of the file in bytes, as `fileBytes` of the writer's result; it has to be right. */
  sizeBytes?: number
  /** As `footerBytes` of the writer's result: what is fetched with the opening has this room. */
  footerBytes?: number
}

/** The least Parquet file: a magic, the length of its footer and a magic again. */
export const LEAST_FILE_BYTES = 12
const KNOWN = ['path', 'sizeBytes', 'footerBytes'] as const
const UNKNOWN_BYTES = -1

/** @throws PackedError InvalidArgument, naming the entry. */
export function expectFiles(value: unknown): Pick<NativeReaderOptions, 'paths' | 'known'> {
  if (!Array.isArray(value) || value.length === 0) {
    throw unexpected('a non-empty array of paths', 'paths', value)
  }
  const files = value.map((file, index) => expectFile(file, `paths[${index}]`))
  const paths = files.map(({ path }) => path)
  const known = files.map(knownOf)
  const something = known.some(({ fileBytes, footerBytes }) => fileBytes >= 0 || footerBytes >= 0)
  return something ? { paths, known } : { paths }
}

/** @throws PackedError InvalidArgument. */
export function expectFile(value: unknown, name: string): PackedFile {
  if (typeof value !== 'object' || value === null) return { path: expectText(value, name) }
  const file = expectObject(value, name)
  expectKnownKeys(file, KNOWN, name)
  return {
    path: expectText(file.path, `${name}.path`),
    ...bytesOf(file, 'sizeBytes', name, LEAST_FILE_BYTES),
    ...bytesOf(file, 'footerBytes', name, 0),
  }
}

/** What is known of a file, as the addon takes it. */
export function knownOf({ sizeBytes, footerBytes }: PackedFile): {
  fileBytes: number
  footerBytes: number
} {
  return { fileBytes: sizeBytes ?? UNKNOWN_BYTES, footerBytes: footerBytes ?? UNKNOWN_BYTES }
}

/** @throws PackedError InvalidArgument. */
export function bytesOf(
  file: Record<string, unknown>,
  key: 'sizeBytes' | 'footerBytes',
  name: string,
  min: number,
): Pick<PackedFile, 'sizeBytes' | 'footerBytes'> {
  if (file[key] === undefined) return {}
  return { [key]: expectInteger(file[key], `${name}.${key}`, { min }) }
}
