import type { StorageConfig } from './storage-config.js'

/** How the value of a name of {@link StorageConfig} is written. */
export type StorageKeyKind =
  | { kind: 'text' }
  | { kind: 'secret' }
  | { kind: 'flag' }
  | { kind: 'choice'; of: readonly string[] }
  | { kind: 'integer'; min: number; max: number }
  | { kind: 'function' }

/** Most that a timer of Node counts to, in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Every name, and what it takes. */
export const STORAGE_KEYS: Readonly<Record<keyof StorageConfig, StorageKeyKind>> = {
  storageType: { kind: 'choice', of: ['local', 'minio', 'remote'] },
  rootPath: { kind: 'text' },
  address: { kind: 'text' },
  bucketName: { kind: 'text' },
  accessKeyId: { kind: 'text' },
  secretAccessKey: { kind: 'secret' },
  sessionToken: { kind: 'secret' },
  credentials: { kind: 'function' },
  cloudProvider: { kind: 'choice', of: ['aws', 'gcp', 'azure', 'aliyun', 'tencent', 'huawei'] },
  region: { kind: 'text' },
  useSsl: { kind: 'flag' },
  sslCaCert: { kind: 'text' },
  tlsMinVersion: { kind: 'choice', of: ['1.0', '1.1', '1.2', '1.3'] },
  useVirtualHost: { kind: 'flag' },
  useIam: { kind: 'flag' },
  iamEndpoint: { kind: 'text' },
  roleArn: { kind: 'text' },
  sessionName: { kind: 'text' },
  externalId: { kind: 'text' },
  loadFrequencyS: { kind: 'integer', min: 900, max: 43_200 },
  gcpCredentialJson: { kind: 'secret' },
  logLevel: {
    kind: 'choice',
    of: ['off', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'],
  },
  requestTimeoutMs: { kind: 'integer', min: 1, max: LONGEST_TIMER_MS },
  retryTimeoutMs: { kind: 'integer', min: 1, max: LONGEST_TIMER_MS },
  maxConnections: { kind: 'integer', min: 1, max: 65_535 },
  multipartPartBytes: {
    kind: 'integer',
    min: Number.MIN_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
  },
  uploadBytesInFlight: { kind: 'integer', min: 1, max: Number.MAX_SAFE_INTEGER },
  checksums: { kind: 'choice', of: ['whenSupported', 'whenRequired'] },
}

/** Every name of {@link StorageConfig}. */
export const STORAGE_CONFIG_KEYS = Object.keys(STORAGE_KEYS) as (keyof StorageConfig)[]

/** True for names whose values nobody may read in a log. */
export function isSecretKey(key: string): boolean {
  return (
    Object.hasOwn(STORAGE_KEYS, key) && STORAGE_KEYS[key as keyof StorageConfig].kind === 'secret'
  )
}
