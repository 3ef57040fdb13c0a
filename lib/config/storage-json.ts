import { jsonObject } from './json-object.js'
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
  const entries = Object.entries(jsonObject(json, 'storage')).map(
    ([name, value]): [string, unknown] => [name.replace(PROPERTY_PREFIX, ''), value],
  )
  return checkStorageConfig({ ...storageFromNames(entries), ...instead })
}
