import { PackedError } from '../errors/index.js'
import { nearestName } from './nearest.js'
import { flagOfText, integerOfText } from './setting-text.js'
import type { StorageConfig } from './storage-config.js'
import { STORAGE_CONFIG_KEYS, STORAGE_KEYS } from './storage-keys.js'

/** A name as it compares: `access_keyID`, `ACCESS_KEY_ID` and `accessKeyId` are one. */
export function normalName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** Names that Milvus's configuration and its C library have beside those of StorageConfig. */
const ALIASES: Readonly<Record<string, keyof StorageConfig>> = {
  accesskey: 'accessKeyId',
  accesskeyvalue: 'secretAccessKey',
  secretkey: 'secretAccessKey',
  loadfrequency: 'loadFrequencyS',
  multipartuploadsize: 'multipartPartBytes',
  ssltlscacert: 'sslCaCert',
  ssltlsminversion: 'tlsMinVersion',
  token: 'sessionToken',
}

/** Switches of Milvus's own uploads and lists, which are other ones here. */
const WITHOUT_EFFECT: readonly string[] = [
  'backgroundwrites',
  'gcpnativewithoutauth',
  'listobjectsmaxkeys',
  'usecrc32cchecksum',
  'usecustompartupload',
]

const NAMES: ReadonlyMap<string, keyof StorageConfig> = new Map([
  ...STORAGE_CONFIG_KEYS.filter((key) => key !== 'credentials').map(
    (key) => [normalName(key), key] as const,
  ),
  ...Object.entries(ALIASES),
])

/** The name of StorageConfig that a name of Milvus means, or undefined. */
export function storageKeyOf(name: string): keyof StorageConfig | undefined {
  return NAMES.get(normalName(name))
}

/**
 * A configuration of names and values as files have them: numbers and flags may be texts, an
 * empty text says nothing.
 *
 * @throws PackedError InvalidArgument for unknown names and what is no flag or number.
 */
export function storageFromNames(entries: Iterable<[string, unknown]>): StorageConfig {
  const config: Record<string, unknown> = {}
  for (const [name, value] of entries) {
    const key = storageKeyOf(name)
    if (key === undefined) {
      if (WITHOUT_EFFECT.includes(normalName(name))) continue
      throw unknownName(name)
    }
    if (value === '' || value === null || value === undefined) continue
    config[key] = typeof value === 'string' ? fromText(key, value) : value
  }
  return config
}

function fromText(key: keyof StorageConfig, text: string): unknown {
  const { kind } = STORAGE_KEYS[key]
  if (kind === 'flag') return flagOfText(text, `storage.${key}`)
  if (kind === 'integer') return integerOfText(text, `storage.${key}`)
  return text
}

function unknownName(name: string): PackedError {
  const nearest = nearestName(name, STORAGE_CONFIG_KEYS)
  const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`
  return new PackedError(
    'InvalidArgument',
    `Expected a known option for storage but received "${name}".${hint}`,
  )
}
