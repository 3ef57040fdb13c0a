import { createHash } from 'node:crypto'
import {
  checkStorageConfig,
  resolveStorageConfig,
  type StorageConfig,
  unexpected,
} from '../config/index.js'
import type { NativeStorage } from '../native/index.js'
import type { ObjectStore } from './object-store.js'
import { S3Credentials } from './s3/credentials.js'

/** As many as Milvus keeps; what is used least goes first. */
const MOST_STORES = 16

/** Stores of this thread by place and identity, in the order of their last use. */
const stores = new Map<string, Promise<ObjectStore>>()
/** Functions are told apart by identity, without being kept alive. */
const functionNames = new WeakMap<object, number>()
let functions = 0

/**
 * The store that a configuration names; one client per place and identity is shared, and made
 * once however many ask at the same time.
 *
 * @throws PackedError InvalidArgument (a local configuration, missing names), NotSupported (the
 *   package of the provider is not installed).
 */
export async function openObjectStore(config: StorageConfig): Promise<ObjectStore> {
  const checked = checkStorageConfig(config)
  if (checked.storageType === 'local') {
    throw unexpected("'minio' or 'remote'", 'storage.storageType', checked.storageType)
  }
  const key = identityOf(checked)
  const store = stores.get(key) ?? open(checked)
  stores.delete(key)
  stores.set(key, store)
  store.catch(() => {
    if (stores.get(key) === store) stores.delete(key)
  })
  forgetOldest()
  return store
}

/**
 * What the addon needs to read from the same place, with the credentials of this moment where a
 * function gives them.
 *
 * @throws PackedError InvalidArgument; PermissionDenied where the function gives none.
 */
export async function nativeStorageOf(
  config: StorageConfig | NativeStorage,
): Promise<NativeStorage> {
  const flat = resolveStorageConfig(config)
  const { credentials, storageType } = config as StorageConfig
  if (credentials === undefined || (storageType ?? 'local') === 'local') return flat
  const store = await S3Credentials.of(config as StorageConfig)
  const { accessKeyId, secretAccessKey, sessionToken } = await store.get()
  return Object.assign(flat, { accessKeyId, secretAccessKey }, sessionToken && { sessionToken })
}

async function open(config: StorageConfig): Promise<ObjectStore> {
  if (config.storageType === 'remote' && config.cloudProvider === 'azure') {
    return (await import('./azure/store.js')).openAzureStore(config)
  }
  if (config.storageType === 'remote' && config.cloudProvider === 'gcp') {
    return (await import('./google/store.js')).openGcsStore(config)
  }
  return (await import('./s3/store.js')).openS3Store(config)
}

/** A digest: no secret is kept longer than its client. */
function identityOf(config: StorageConfig): string {
  const parts = Object.entries(config)
    .map(([name, value]) => [name, typeof value === 'function' ? nameOf(value) : value])
    .sort(([left], [right]) => (String(left) < String(right) ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

function nameOf(value: object): string {
  let name = functionNames.get(value)
  if (name === undefined) {
    functions += 1
    name = functions
    functionNames.set(value, name)
  }
  return `function ${name}`
}

/** Whoever still holds a store that was forgotten may use it on. */
function forgetOldest(): void {
  for (const [key, store] of stores) {
    if (stores.size <= MOST_STORES) return
    stores.delete(key)
    store.then(
      (forgotten) => forgotten.close(),
      () => {},
    )
  }
}
