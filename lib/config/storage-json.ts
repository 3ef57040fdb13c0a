import { PackedError } from '../errors/index.js'
import { expectObject } from './expect.js'
import { checkStorageConfig } from './resolve-storage.js'
import type { StorageConfig } from './storage-config.js'
import { storageFromNames } from './storage-names.js'

/** Properties of milvus-storage have it in front of every name. */
const PROPERTY_PREFIX = /^fs\./

/**
 * A storage configuration from JSON: the text, or the parsed object.
 *
 * Names are those of {@link StorageConfig} or Milvus's (`access_key_value`, `useSSL`,
 * `fs.bucket_name`): case and underscores do not matter. `credentials` is not one of them.
 * `instead` goes before what the text says.
 *
 * @throws PackedError InvalidArgument; the text is never in the message.
 */
export function parseStorageConfig(json: unknown, instead: StorageConfig = {}): StorageConfig {
  const given = typeof json === 'string' ? parse(json) : expectObject(json, 'storage')
  const entries = Object.entries(given).map(([name, value]): [string, unknown] => [
    name.replace(PROPERTY_PREFIX, ''),
    value,
  ])
  return checkStorageConfig({ ...storageFromNames(entries), ...instead })
}

/** Neither the error of JSON.parse nor ours may quote the text: it may be a secret. */
function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    // As any other text that is no object.
  }
  throw new PackedError(
    'InvalidArgument',
    'Expected a JSON object for storage but received other text',
  )
}
