import { posix } from 'node:path'
import { expectInteger, unexpected } from '../config/index.js'

/** `s3://bucket/key` and the like: never below a segment, never touched. */
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//

/** Where the manifests of a segment are. @throws PackedError InvalidArgument: no key. */
export function metadataFolder(basePath: string): string {
  return posix.join(expectBase(basePath), '_metadata')
}

/** Where the files of column groups are. @throws PackedError InvalidArgument: no key. */
export function dataFolder(basePath: string): string {
  return posix.join(expectBase(basePath), '_data')
}

/** Where delta logs are. @throws PackedError InvalidArgument: no key. */
export function deltaFolder(basePath: string): string {
  return posix.join(expectBase(basePath), '_delta')
}

/** Where statistics are. @throws PackedError InvalidArgument: no key. */
export function statsFolder(basePath: string): string {
  return posix.join(expectBase(basePath), '_stats')
}

/** Where indexes are. @throws PackedError InvalidArgument: no key. */
export function indexFolder(basePath: string): string {
  return posix.join(expectBase(basePath), '_index')
}

/** Where large values are: beside the segments of a partition. @throws InvalidArgument: no key. */
export function lobFolder(basePath: string): string {
  return posix.join(expectBase(basePath), '..', 'lobs')
}

/** Key of the manifest with a number, from 1 on. @throws PackedError InvalidArgument. */
export function manifestKey(basePath: string, version: number): string {
  const number = expectInteger(version, 'version', { min: 1 })
  return posix.join(metadataFolder(basePath), `manifest-${number}.avro`)
}

/** Key of the readable copy. @throws PackedError InvalidArgument: no key. */
export function manifestJsonKey(basePath: string): string {
  return posix.join(expectBase(basePath), 'manifest.json')
}

/** The base of a segment: a key or an absolute path; '' where the segment is the whole root. */
function expectBase(basePath: unknown): string {
  if (typeof basePath === 'string' && !SCHEME.test(basePath)) {
    if (!/\/\/|[\0\\]/.test(basePath.replace(/\/+$/, ''))) return basePath
  }
  throw unexpected('a path without scheme and without empty parts', 'basePath', basePath)
}

/**
 * A path as a manifest stores it, for the folder of its kind ({@link dataFolder} and the others).
 *
 * Below the folder the folder goes. Milvus's reader takes any other relative path for one below the
 * folder too, so such a path climbs with `..`, which that reader resolves; absolute paths and
 * addresses with a scheme stay as they are. {@link absolutize} gives the normalised path back.
 *
 * @throws PackedError InvalidArgument: a path that would come back as another one, that is one with
 *   empty parts (`a//b`), and a relative one for an absolute folder.
 */
export function relativize(path: string, folder: string): string {
  if (path === '' || SCHEME.test(path)) return path
  if (path.includes('//')) throw unexpected('a path without empty parts', 'path', path)
  const key = posix.normalize(path)
  if (key.startsWith(`${folder}/`)) return key.slice(folder.length + 1) || './'
  if (posix.isAbsolute(key)) return key
  const climbed = climb(folder.split('/'), key.split('/'))
  if (!posix.isAbsolute(folder) && climbed !== undefined) return climbed
  throw unexpected(`a path that can be told from ${JSON.stringify(folder)}`, 'path', path)
}

/** The way from a folder to a key; undefined where the folder lies above the root. */
function climb(folder: readonly string[], key: readonly string[]): string | undefined {
  let common = 0
  while (
    common < folder.length &&
    common < key.length - 1 && // the name itself is never common
    folder[common] === key[common]
  ) {
    common += 1
  }
  const ups = folder.slice(common)
  if (ups.includes('..')) return undefined
  const way = [...ups.map(() => '..'), ...key.slice(common)].join('/')
  return way === '' ? './' : way
}

/**
 * The reverse of {@link relativize}: what is relative is looked for below the folder; absolute
 * paths, addresses with a scheme and the empty string (an index without a file) stay.
 */
export function absolutize(stored: string, folder: string): string {
  if (stored === '' || SCHEME.test(stored) || posix.isAbsolute(stored)) return stored
  return posix.normalize(`${folder}/${stored}`)
}
