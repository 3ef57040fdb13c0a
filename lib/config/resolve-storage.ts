import { PackedError } from '../errors/index.js'
import {
  expectBoolean,
  expectFunction,
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  unexpected,
} from './expect.js'
import { hideSecrets } from './hide-secrets.js'
import { resolvePartBytes } from './part-bytes.js'
import { parseAddress } from './storage-address.js'
import type { StorageConfig } from './storage-config.js'
import { STORAGE_CONFIG_KEYS, STORAGE_KEYS } from './storage-keys.js'

type Checked = StorageConfig & Pick<Required<StorageConfig>, 'storageType'>

/** Providers whose stores answer at `bucket.host` only. */
const VIRTUAL_HOST_PROVIDERS: readonly unknown[] = ['aliyun', 'tencent', 'huawei']
const ROLE_PROVIDERS: readonly unknown[] = ['aws', 'aliyun']

/**
 * Check a storage configuration and complete it: `storageType` and, of an object store,
 * `cloudProvider`, `useSsl` and `multipartPartBytes` are there, `address` is `host:port`, and
 * empty texts (Milvus's way of saying nothing) are gone. Secrets are hidden from `util.inspect`
 * and `JSON.stringify`.
 *
 * @throws PackedError InvalidArgument for unknown names, wrong values and what contradicts.
 */
export function checkStorageConfig(value: unknown): Checked {
  if (value === undefined) return { storageType: 'local' }
  const given = expectObject(value, 'storage')
  expectKnownKeys(given, STORAGE_CONFIG_KEYS, 'storage')
  const config: Record<string, unknown> = { storageType: 'local' }
  for (const key of STORAGE_CONFIG_KEYS) {
    const checked = checkValue(key, given[key])
    if (checked !== undefined) config[key] = checked
  }
  const remote = config.storageType !== 'local'
  return hideSecrets(remote ? completeRemote(config) : config) as Checked
}

/**
 * The same in the flat form of the addon: without `credentials` and `checksums`, which only
 * JavaScript knows.
 *
 * @throws PackedError InvalidArgument.
 */
export function resolveStorageConfig(value: unknown): Record<string, string | number | boolean> {
  const { credentials: _, checksums: __, ...flat } = checkStorageConfig(value)
  return hideSecrets(flat)
}

function checkValue(key: keyof StorageConfig, value: unknown): unknown {
  const name = `storage.${key}`
  if (value === undefined || value === '') return undefined
  const what = STORAGE_KEYS[key]
  switch (what.kind) {
    case 'flag':
      return expectBoolean(value, name, false)
    case 'choice':
      return expectOneOf(value, name, what.of)
    case 'integer':
      return key === 'multipartPartBytes'
        ? resolvePartBytes(value, name)
        : expectInteger(value, name, what)
    case 'function':
      return expectFunction(value, name)
    case 'text':
    case 'secret':
      if (typeof value === 'string' && !value.includes('\0')) return value
      if (what.kind === 'text') throw unexpected('a string without NUL', name, value)
      throw refused(`a string without NUL for ${name}`, 'something else')
  }
}

/** What only stores have: each name beside the others. */
function completeRemote(config: StorageConfig): StorageConfig {
  const { cloudProvider = 'aws', useVirtualHost = false } = config
  checkBucket(config)
  const place = placeOf(config, cloudProvider)
  checkTls(config, cloudProvider, place.useSsl)
  checkIdentity(config, cloudProvider)
  return {
    ...config,
    ...place,
    cloudProvider,
    useVirtualHost: useVirtualHost || VIRTUAL_HOST_PROVIDERS.includes(cloudProvider),
    multipartPartBytes: resolvePartBytes(config.multipartPartBytes, 'storage.multipartPartBytes'),
  }
}

function checkBucket({ storageType, bucketName }: StorageConfig): void {
  if (bucketName === undefined) {
    throw refused(`storage.bucketName with storageType '${storageType}'`, 'none')
  }
  if (bucketName.includes('/')) {
    throw unexpected('a bucket without a slash', 'storage.bucketName', bucketName)
  }
}

function placeOf(
  { storageType, address, useSsl }: StorageConfig,
  cloudProvider: string,
): { address?: string; useSsl: boolean } {
  if (storageType === 'minio' && cloudProvider === 'azure') {
    throw refused("storageType 'remote' with cloudProvider 'azure'", "'minio'")
  }
  if (address === undefined) {
    if (!VIRTUAL_HOST_PROVIDERS.includes(cloudProvider)) return { useSsl: useSsl ?? true }
    throw refused(`storage.address with cloudProvider '${cloudProvider}'`, 'none')
  }
  const parsed = parseAddress(address)
  if (parsed.useSsl !== undefined && (useSsl ?? parsed.useSsl) !== parsed.useSsl) {
    throw refused('a scheme of storage.address that agrees with storage.useSsl', 'the other one')
  }
  // Azure's own address is a domain suffix: accounts below it answer by https.
  const isSuffix = cloudProvider === 'azure' && !/:\d+$/.test(parsed.address)
  return { address: parsed.address, useSsl: parsed.useSsl ?? useSsl ?? isSuffix }
}

function checkTls(config: StorageConfig, cloudProvider: string, useSsl: boolean): void {
  for (const key of ['tlsMinVersion', 'sslCaCert'] as const) {
    if (config[key] !== undefined && !useSsl) throw refused(`storage.useSsl with ${key}`, 'none')
  }
  if (config.tlsMinVersion !== undefined && cloudProvider === 'azure') {
    throw refused("no storage.tlsMinVersion with cloudProvider 'azure'", 'one')
  }
}

/** Who asks: a role, the machine, a function or keys, in this order. */
function checkIdentity(config: StorageConfig, cloudProvider: string): void {
  const { accessKeyId, secretAccessKey, roleArn, credentials, useIam, gcpCredentialJson } = config
  if (roleArn !== undefined && !ROLE_PROVIDERS.includes(cloudProvider)) {
    throw refused(`no storage.roleArn with cloudProvider '${cloudProvider}'`, 'one')
  }
  for (const key of ['sessionName', 'externalId'] as const) {
    if (config[key] !== undefined && roleArn === undefined) {
      throw refused(`storage.roleArn with ${key}`, 'none')
    }
  }
  if (gcpCredentialJson !== undefined) checkServiceAccount(gcpCredentialJson, cloudProvider)
  if (cloudProvider === 'azure') {
    if (accessKeyId === undefined) {
      throw refused("storage.accessKeyId, the account, with cloudProvider 'azure'", 'none')
    }
    if (credentials !== undefined) {
      throw refused("no storage.credentials with cloudProvider 'azure'", 'a function')
    }
    return
  }
  if (useIam === true || credentials !== undefined) return
  if (accessKeyId === undefined && secretAccessKey !== undefined) {
    throw refused('storage.accessKeyId with secretAccessKey', 'none')
  }
  if (accessKeyId !== undefined && secretAccessKey === undefined) {
    throw refused('storage.secretAccessKey with accessKeyId', 'none')
  }
  if (config.sessionToken !== undefined && accessKeyId === undefined) {
    throw refused('storage.accessKeyId with sessionToken', 'none')
  }
}

function checkServiceAccount(text: string, cloudProvider: string): void {
  if (cloudProvider !== 'gcp') {
    throw refused(`no storage.gcpCredentialJson with cloudProvider '${cloudProvider}'`, 'one')
  }
  try {
    if (typeof JSON.parse(text) === 'object') return
  } catch {
    // The error would quote the text.
  }
  throw refused('JSON for storage.gcpCredentialJson', 'other text')
}

function refused(expected: string, received: string): PackedError {
  return new PackedError('InvalidArgument', `Expected ${expected} but received ${received}`)
}
