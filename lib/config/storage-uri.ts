import { PackedError } from '../errors/index.js'
import { expectObject, expectString } from './expect.js'
import type { StorageConfig } from './storage-config.js'
import { familyOf, type StorageFamily } from './storage-env.js'

/** What a path or URI of the command line names. */
export interface StorageUri {
  /** Undefined for a plain path. */
  family: StorageFamily | 'file' | undefined
  /** Bucket or container. */
  bucketName?: string
  /**
   * The path, as every function takes it below an empty `rootPath`: of a key that starts with a
   * slash it has one more, since the first slash of a path does not count.
   */
  path: string
}

const SCHEMES: Readonly<Record<string, StorageFamily>> = { s3: 's3', az: 'azure', gs: 'gcp' }

/**
 * Take `s3://bucket/key`, `az://container/blob`, `gs://bucket/object`, `file:///path` or a plain
 * path apart.
 *
 * Keys stand as they are, as in the tools of the stores: nothing in them is decoded (`%20` is
 * three characters, `+` a plus sign), `//` and `..` are parts of the key, there is no query.
 *
 * @throws PackedError InvalidArgument (no bucket, a user name); unknown schemes.
 */
export function parseStorageUri(text: string): StorageUri {
  expectString(text, 'text')
  const [, scheme, rest] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(text) ?? []
  if (scheme === undefined || rest === undefined) return { family: undefined, path: text }
  if (scheme.toLowerCase() === 'file' && rest.startsWith('/')) return { family: 'file', path: rest }
  const family = SCHEMES[scheme.toLowerCase()]
  if (family === undefined) {
    throw refused('s3://, az://, gs:// or file:///', `${scheme}://`)
  }
  const [, bucketName = '', key = ''] = /^([^/]*)\/?(.*)$/s.exec(rest) ?? []
  if (bucketName.includes('@')) throw refused('a bucket', 'a user name before it')
  if (bucketName === '') throw refused(`a bucket after ${scheme}://`, 'none')
  return { family, bucketName, path: key.startsWith('/') ? `/${key}` : key }
}

function refused(expected: string, received: string): PackedError {
  return new PackedError(
    'InvalidArgument',
    `Expected ${expected} for the URI of an object but received ${received}`,
  )
}

/** Key in the bucket, or path on the disk: `rootPath` and what is below it. */
export function joinRoot(rootPath: string | undefined, path: string): string {
  const below = path.startsWith('/') ? path.slice(1) : path
  return rootPath ? `${rootPath.replace(/\/+$/, '')}/${below}` : below
}

/**
 * The URI of a path below a storage, for messages; of the local disk the path itself.
 *
 * @throws PackedError InvalidArgument.
 */
export function storageUri(config: StorageConfig, path: string): string {
  expectObject(config, 'config')
  expectString(path, 'path')
  const family = familyOf(config)
  if (family === undefined) return path
  const scheme = Object.keys(SCHEMES).find((name) => SCHEMES[name] === family)
  return `${scheme}://${config.bucketName}/${joinRoot(config.rootPath, path)}`
}
