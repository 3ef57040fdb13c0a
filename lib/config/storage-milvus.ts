import { expectOneOf } from './expect.js'
import { milvusYaml } from './milvus-yaml.js'
import { checkStorageConfig } from './resolve-storage.js'
import type { StorageConfig } from './storage-config.js'
import { normalName, storageFromNames, storageKeyOf } from './storage-names.js'

/** Settings of Milvus by their whole name without dots and case: `minioaccesskeyid`. */
export type MilvusSettings = ReadonlyMap<string, string>

const MINIO = 'minio'
const TLS_FLOOR = 'ssltlsminversion'
const DEFAULT_PORT = '9000'
/** What Milvus takes where its file does not say it. */
const DEFAULTS = {
  bucketName: 'a-bucket',
  accessKeyId: 'minioadmin',
  secretAccessKey: 'minioadmin',
  localPath: '/var/lib/milvus/data',
}

/**
 * The storage of a `milvus.yaml` (`minio.*`, `localStorage.path`, `common.storageType`), with
 * Milvus's defaults for what the file leaves out. `instead` goes before what the text says.
 *
 * @throws PackedError InvalidArgument, with the line where it is no YAML; never with the text.
 */
export function storageConfigFromMilvusYaml(
  text: string,
  instead: StorageConfig = {},
): StorageConfig {
  const settings = new Map<string, string>()
  for (const [path, value] of milvusYaml(text)) {
    if (typeof value === 'string') settings.set(normalName(path.join('.')), value)
  }
  const storage = milvusStorage(settings, settings.get('commonstoragetype') ?? 'remote')
  return checkStorageConfig({ ...withDefaults(storage), ...instead })
}

function withDefaults(storage: StorageConfig): StorageConfig {
  if (storage.storageType === 'local') return { rootPath: DEFAULTS.localPath, ...storage }
  const { bucketName, accessKeyId, secretAccessKey } = DEFAULTS
  const keys = storage.useIam || storage.gcpCredentialJson ? {} : { accessKeyId, secretAccessKey }
  return { bucketName, ...keys, ...storage }
}

/**
 * What settings of Milvus mean here, unchecked.
 *
 * Milvus's provider `gcp` is Google's S3 protocol with keys of its own, `gcpnative` Google's own;
 * here that is `minio` and `remote`. Settings that Milvus does not look at are left out.
 */
export function milvusStorage(settings: MilvusSettings, storageType: string): StorageConfig {
  const types = ['local', 'remote', 'minio', 'opendal'] as const
  if (expectOneOf(storageType, 'common.storageType', types) === 'local') {
    const rootPath = settings.get('localstoragepath')
    return { storageType: 'local', ...(rootPath ? { rootPath } : {}) }
  }
  const entries = [...settings].flatMap(([name, value]): [string, string][] => {
    const own = name.startsWith(MINIO) ? name.slice(MINIO.length) : ''
    return storageKeyOf(own) === undefined || own === 'cloudprovider' ? [] : [[own, value]]
  })
  // Milvus's word for the floor that its libraries have themselves.
  const said = entries.filter(([name, value]) => name !== TLS_FLOOR || value !== 'default')
  const storage = storageFromNames(said)
  const rootPath = storage.rootPath?.replace(/^\/+|\/+$/g, '')
  const address = addressOf(storage.address, settings.get('minioport') || DEFAULT_PORT)
  return usedBy(settings.get('miniocloudprovider') || 'aws', {
    ...storage,
    ...(rootPath === undefined ? {} : { rootPath }),
    ...(address === undefined ? {} : { address }),
  })
}

/** Milvus puts the port of the next line behind an address without a colon. */
function addressOf(address: string | undefined, port: string): string | undefined {
  return address === undefined || address.includes(':') ? address : `${address}:${port}`
}

function usedBy(provider: string, storage: StorageConfig): StorageConfig {
  const used: StorageConfig = { ...storage }
  if (!used.useSsl && !used.address?.startsWith('https:')) {
    delete used.sslCaCert
    delete used.tlsMinVersion
  }
  if (provider === 'azure') delete used.tlsMinVersion
  if ((used.requestTimeoutMs ?? 1) <= 0) delete used.requestTimeoutMs
  if (provider !== 'gcpnative') delete used.gcpCredentialJson
  if (used.useIam) {
    delete used.accessKeyId
    delete used.secretAccessKey
  }
  if (provider === 'gcpnative') return { ...used, storageType: 'remote', cloudProvider: 'gcp' }
  const cloudProvider = provider as NonNullable<StorageConfig['cloudProvider']>
  const isS3 = provider === 'aws' || (provider === 'gcp' && !used.useIam)
  return { ...used, storageType: isS3 ? 'minio' : 'remote', cloudProvider }
}
