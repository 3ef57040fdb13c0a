/**
 * Where files live, in Milvus's terms (`minio.*`, `localStorage.*` and `common.storageType` of
 * milvus.yaml; StorageConfig of milvus-storage). The same object serves native reads, uploads and
 * chunk managers.
 */
export interface StorageConfig {
  /**
   * `'local'` (default); `'minio'`: S3 and stores that speak its protocol; `'remote'`: what
   * `cloudProvider` says.
   */
  storageType?: 'local' | 'minio' | 'remote'
  /** Directory (local; the working directory when absent) or key prefix that paths start from. */
  rootPath?: string
  /**
   * `host`, `host:port` or `http(s)://host:port` of the store, IPv6 in brackets; AWS, Azure and
   * Google have their own when absent.
   */
  address?: string
  /** Bucket, or container of Azure. */
  bucketName?: string
  /** Access key; Azure: the name of the storage account. */
  accessKeyId?: string
  /** Secret key; Azure: the key of the account. */
  secretAccessKey?: string
  /** Of temporary credentials. */
  sessionToken?: string
  /**
   * Asked whenever credentials are needed and the last ones are about to expire; takes the place
   * of the three above. Not in JSON.
   */
  credentials?: CredentialProvider
  /** `'aws'` (default). */
  cloudProvider?: 'aws' | 'gcp' | 'azure' | 'aliyun' | 'tencent' | 'huawei'
  /** Region of the bucket (`minio.region`). */
  region?: string
  /** https; as `address` says where that is a URL, else false; true without an address. */
  useSsl?: boolean
  /** File of PEM certificates to trust. */
  sslCaCert?: string
  /** With `useSsl`; not for azure. */
  tlsMinVersion?: '1.0' | '1.1' | '1.2' | '1.3'
  /** `bucket.host` instead of `host/bucket`; always so for aliyun, tencent and huawei. */
  useVirtualHost?: boolean
  /** Credentials of the machine, pod or profile instead of keys, which are then not looked at. */
  useIam?: boolean
  /** Where roles are assumed (STS), instead of AWS's own. */
  iamEndpoint?: string
  /** Role to assume (aws, aliyun), with the session name and external id to do it under. */
  roleArn?: string
  /** Session name of the role that is assumed. */
  sessionName?: string
  /** External id that the role's policy asks for. */
  externalId?: string
  /** Seconds that temporary credentials live, 900 to 43,200; 900 by default. */
  loadFrequencyS?: number
  /** Service account key of Google, as JSON text. */
  gcpCredentialJson?: string
  /** Of Arrow's S3 client, which prints to standard error; what the first reader says holds. */
  logLevel?: 'off' | 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace'
  /** Milliseconds that one request may go without progress; 10,000 by default. */
  requestTimeoutMs?: number
  /** Milliseconds that one operation may take with all its retries; 60,000 by default. */
  retryTimeoutMs?: number
  /** 100 by default. */
  maxConnections?: number
  /**
   * Bytes of one part of a multipart upload; 10 MiB by default, and with a warning where the value
   * is not within 5 MiB to 5 GiB. Parts grow where an object needs more than 10,000 of them.
   */
  multipartPartBytes?: number
  /** Bytes of one writer on their way to the store; 64 MiB by default. */
  uploadBytesInFlight?: number
  /**
   * `'whenRequired'` for stores that do not know the newer checksums of S3 (older Ceph, OSS, OBS,
   * COS, GCS); `'whenSupported'` by default on aws.
   */
  checksums?: 'whenSupported' | 'whenRequired'
}

/** Temporary or fixed credentials of S3. */
export interface StorageCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
  /** When to ask again; absent = never. */
  expiration?: Date
}

/** Asked for credentials when there are none yet, and again before they expire. */
export type CredentialProvider = () => Promise<StorageCredentials>
