import { expectObject } from './expect.js'
import { checkStorageConfig } from './resolve-storage.js'
import type { StorageConfig } from './storage-config.js'
import { milvusStorage } from './storage-milvus.js'
import { normalName, storageKeyOf } from './storage-names.js'

type Environment = Readonly<Record<string, string | undefined>>

/** Whose protocol is meant: S3, Azure Blob or Google Cloud Storage. */
export type StorageFamily = 's3' | 'azure' | 'gcp'

/** Milvus reads `MILVUS_CONF_MINIO_ADDRESS` before `MINIO_ADDRESS`. */
const MILVUS_PREFIX = 'MILVUS_CONF_'

/** Variables by which credentials of AWS come from elsewhere than keys. */
const AWS_CHAIN = [
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
]

/**
 * The storage that the environment describes: Milvus's variables (`MINIO_ADDRESS`, …), else the
 * standard ones of AWS, Azure or Google, else the local disk. docs/object-storage.md has the table.
 *
 * @param instead goes before what the variables say.
 * @param family whose variables are meant; by default those that there are, S3's first.
 * @throws PackedError InvalidArgument.
 */
export function storageConfigFromEnv(
  env: Environment = process.env,
  instead: StorageConfig = {},
  family?: StorageFamily,
): StorageConfig {
  expectObject(env, 'env')
  return checkStorageConfig({ ...storageOf(env, family), ...instead })
}

function storageOf(env: Environment, family: StorageFamily | undefined): StorageConfig {
  const milvus = milvusOf(env)
  if (milvus !== undefined && (family ?? familyOf(milvus)) === familyOf(milvus)) {
    const named = milvus.accessKeyId ?? milvus.useIam ?? milvus.gcpCredentialJson
    const isS3 = familyOf(milvus) === 's3'
    return named === undefined && isS3 ? { ...awsCredentials(env), ...milvus } : milvus
  }
  switch (family ?? firstFamily(env)) {
    case 's3':
      return awsStorage(env)
    case 'azure':
      return azureStorage(env)
    case 'gcp':
      // Google's own libraries read the file that the variable names.
      return { storageType: 'remote', cloudProvider: 'gcp', useIam: true }
    default:
      return { storageType: 'local' }
  }
}

/** The family of an object store; undefined for the local disk. */
export function familyOf({ storageType, cloudProvider }: StorageConfig): StorageFamily | undefined {
  if (storageType === undefined || storageType === 'local') return undefined
  if (storageType === 'minio') return 's3'
  return cloudProvider === 'azure' || cloudProvider === 'gcp' ? cloudProvider : 's3'
}

function firstFamily(env: Environment): StorageFamily | undefined {
  const has = (...names: string[]) => names.some((name) => env[name])
  if (has('AWS_ACCESS_KEY_ID', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3', ...AWS_CHAIN)) return 's3'
  if (has('AZURE_STORAGE_ACCOUNT', 'AZURE_STORAGE_CONNECTION_STRING')) return 'azure'
  return has('GOOGLE_APPLICATION_CREDENTIALS') ? 'gcp' : undefined
}

function milvusOf(env: Environment): StorageConfig | undefined {
  const settings = new Map<string, string>()
  const add = (name: string, value: string | undefined) => {
    if (value) settings.set(normalName(name), value)
  }
  for (const [name, value] of Object.entries(env)) add(name, value)
  for (const [name, value] of Object.entries(env)) {
    if (name.startsWith(MILVUS_PREFIX)) add(name.slice(MILVUS_PREFIX.length), value)
  }
  const speaks = [...settings.keys()].some(
    (name) => name.startsWith('minio') && storageKeyOf(name.slice(5)) !== undefined,
  )
  const storageType = settings.get('commonstoragetype') ?? (speaks ? 'remote' : undefined)
  return storageType === undefined ? undefined : milvusStorage(settings, storageType)
}

function awsStorage(env: Environment): StorageConfig {
  const address = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL
  return {
    storageType: address ? 'minio' : 'remote',
    cloudProvider: 'aws',
    ...(address ? { address } : {}),
    ...given({
      region: env.AWS_REGION || env.AWS_DEFAULT_REGION,
      sslCaCert: address?.startsWith('http:') ? undefined : env.AWS_CA_BUNDLE,
    }),
    ...(env.AWS_REQUEST_CHECKSUM_CALCULATION?.toLowerCase() === 'when_required'
      ? { checksums: 'whenRequired' as const }
      : {}),
    ...awsCredentials(env),
  }
}

/** Keys, or the chain of profile, token file, container and machine that AWS's tools go through. */
function awsCredentials(env: Environment): StorageConfig {
  if (!env.AWS_ACCESS_KEY_ID) return { useIam: true }
  return given({
    accessKeyId: env.AWS_ACCESS_KEY_ID,
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
    sessionToken: env.AWS_SESSION_TOKEN,
  })
}

function azureStorage(env: Environment): StorageConfig {
  const parts = connectionParts(env.AZURE_STORAGE_CONNECTION_STRING ?? '')
  const accessKeyId = env.AZURE_STORAGE_ACCOUNT || parts.get('accountname')
  const secretAccessKey = env.AZURE_STORAGE_KEY || parts.get('accountkey')
  // An emulator's URL ends with the account, which is put there again.
  const endpoint = parts.get('blobendpoint')?.replace(new RegExp(`/${accessKeyId}/?$`), '')
  return {
    storageType: 'remote',
    cloudProvider: 'azure',
    ...given({ accessKeyId, secretAccessKey, address: endpoint ?? parts.get('endpointsuffix') }),
    ...(secretAccessKey ? {} : { useIam: true }),
  }
}

/** `Name=value;…`; values may hold `=`. */
function connectionParts(text: string): Map<string, string> {
  return new Map(
    text.split(';').map((part): [string, string] => {
      const equals = part.indexOf('=')
      return [part.slice(0, equals).trim().toLowerCase(), part.slice(equals + 1).trim()]
    }),
  )
}

function given<T extends Record<string, string | undefined>>(values: T): Partial<StorageConfig> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value))
}
