/** Storage configurations from JSON, milvus.yaml and the environment, and URIs of objects. */
import fc from 'fast-check'
import {
  joinRoot,
  parseStorageConfig,
  parseStorageUri,
  type StorageConfig,
  storageConfigFromEnv,
  storageConfigFromMilvusYaml,
  storageUri,
} from '../lib/config/index.js'

const SECRET = 'wJalrXUtnFEMI-K7MDENG'

/** Check some values; undefined = there must be none. */
function expectValues(config: StorageConfig, expected: Record<string, unknown>): void {
  const found = Object.fromEntries(
    Object.keys(expected).map((key) => [key, config[key as keyof StorageConfig]]),
  )
  expect(found).toEqual(expected)
}

describe('JSON', () => {
  const s3 = {
    storageType: 'minio',
    address: 'store:9000',
    bucketName: 'segments',
    accessKeyId: 'AKID',
    secretAccessKey: SECRET,
    useSsl: true,
    requestTimeoutMs: 3000,
  }

  test('in our names, as text and as object', () => {
    expect(parseStorageConfig(JSON.stringify(s3))).toMatchObject(s3)
    expect(parseStorageConfig(s3)).toMatchObject(s3)
  })

  test('in the names of the C library, with properties as text', () => {
    const given = {
      storage_type: 'minio',
      address: 'store:9000',
      bucket_name: 'segments',
      access_key_id: 'AKID',
      access_key_value: SECRET,
      use_ssl: true,
      request_timeout_ms: 3000,
      use_custom_part_upload: true,
    }
    expect(parseStorageConfig(given)).toMatchObject(s3)
    const properties = Object.entries(given).map(([key, value]) => [`fs.${key}`, String(value)])
    expect(parseStorageConfig(Object.fromEntries(properties))).toMatchObject(s3)
  })

  test("in the names of Milvus's messages", () => {
    const given = {
      storage_type: 'minio',
      address: 'store:9000',
      bucket_name: 'segments',
      access_keyID: 'AKID',
      secret_access_key: SECRET,
      useSSL: true,
      request_timeout_ms: 3000,
    }
    expect(parseStorageConfig(given)).toMatchObject(s3)
  })

  test('what is given beside it goes before it', () => {
    const { bucketName: _, ...without } = s3
    expect(parseStorageConfig(without, { bucketName: 'other' }).bucketName).toBe('other')
  })

  test.each([
    [`{"secretAccessKey": "${SECRET}"`, 'a JSON object for storage but received other text'],
    [`"${SECRET}"`, 'a JSON object for storage'],
    ['[]', 'a JSON object for storage'],
    [JSON.stringify({ ...s3, buketName: 'x' }), 'Did you mean "bucketName"?'],
    [JSON.stringify({ ...s3, credentials: 'x' }), 'received "credentials"'],
    [JSON.stringify({ ...s3, useSsl: 'yes' }), 'true or false for storage.useSsl'],
    [JSON.stringify({ ...s3, requestTimeoutMs: '3s' }), 'an integer for storage.requestTimeoutMs'],
    [JSON.stringify({ ...s3, secretAccessKey: 17 }), 'for storage.secretAccessKey but received so'],
  ])('refused: %s', (text, message) => {
    const parse = () => parseStorageConfig(text)
    expect(parse).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
    expect(parse).toThrow(message)
    expect(parse).not.toThrow(SECRET)
  })
})

describe('milvus.yaml', () => {
  const yaml = (minio: string, more = '') => `
localStorage:
  path: /var/lib/milvus/data/ # a comment
minio:
  address: store
  port: 9001
${minio.replace(/^/gm, '  ')}
mq: { type: default }
${more}`

  test('as Milvus ships it', () => {
    const text = yaml(`accessKeyID: minioadmin
secretAccessKey: 012345
useSSL: false
ssl:
  tlsCACert: /path/to/public.crt
bucketName: a-bucket
rootPath: /files/
useIAM: false
cloudProvider: aws
gcpCredentialJSON:
iamEndpoint:
logLevel: fatal
region:
useVirtualHost: false
requestTimeoutMs: 10000
listObjectsMaxKeys: 0`)
    expect(storageConfigFromMilvusYaml(text)).toEqual({
      storageType: 'minio',
      address: 'store:9001',
      bucketName: 'a-bucket',
      accessKeyId: 'minioadmin',
      secretAccessKey: '012345',
      rootPath: 'files',
      cloudProvider: 'aws',
      logLevel: 'fatal',
      useSsl: false,
      useIam: false,
      useVirtualHost: false,
      requestTimeoutMs: 10000,
      multipartPartBytes: 10 << 20,
    })
  })

  test.each<[string, string, Record<string, unknown>]>([
    ['the local disk', 'x: y', { storageType: 'local', rootPath: '/var/lib/milvus/data/' }],
    ['a store without keys', 'useSSL: true', { accessKeyId: 'minioadmin', useSsl: true }],
    ['an address with a port', 'address2: x', { address: 'store:9001' }],
    [
      "a machine's credentials, whatever keys stand there",
      'useIAM: true\naccessKeyID: minioadmin\nsecretAccessKey: minioadmin',
      { useIam: true, accessKeyId: undefined, secretAccessKey: undefined },
    ],
    [
      'an own certificate',
      'useSSL: true\nssl:\n  tlsCACert: ca.pem\n  tlsMinVersion: 1.2',
      { sslCaCert: 'ca.pem', tlsMinVersion: '1.2' },
    ],
    [
      'the floor of TLS that the libraries have',
      'useSSL: true\nssl:\n  tlsMinVersion: default',
      { useSsl: true, tlsMinVersion: undefined },
    ],
    [
      'Azure',
      'cloudProvider: azure\naccessKeyID: account\nsecretAccessKey: a2V5\nuseSSL: true\n' +
        'ssl:\n  tlsMinVersion: 1.2',
      { cloudProvider: 'azure', accessKeyId: 'account', tlsMinVersion: undefined },
    ],
    [
      "Google's S3 protocol",
      'cloudProvider: gcp\naccessKeyID: GOOG1\nsecretAccessKey: x',
      { storageType: 'minio', cloudProvider: 'gcp' },
    ],
    [
      "Google's own",
      `cloudProvider: gcpnative\ngcpCredentialJSON: '{"type":"service_account"}'`,
      { storageType: 'remote', cloudProvider: 'gcp', gcpCredentialJson: expect.any(String) },
    ],
    [
      'Alibaba',
      'cloudProvider: aliyun\nuseVirtualHost: false',
      { storageType: 'remote', cloudProvider: 'aliyun', useVirtualHost: true },
    ],
  ])('%s', (what, minio, expected) => {
    const more = what === 'the local disk' ? 'common:\n  storageType: local' : ''
    expectValues(storageConfigFromMilvusYaml(yaml(minio, more)), expected)
  })

  test('of an empty file: what Milvus takes by default', () => {
    const config = storageConfigFromMilvusYaml('', { address: 'store:9000' })
    expect(config).toMatchObject({ bucketName: 'a-bucket', accessKeyId: 'minioadmin' })
  })

  test.each([
    [`minio:\n  secretAccessKey: "${SECRET}\n`, 'YAML for milvus.yaml but received MISSING_CHAR'],
    [`minio:\n a: ${SECRET}\n  b: [${SECRET}`, 'in line'],
    [`minio:\n  secretAccessKey: *${SECRET}\n`, 'received an alias that cannot be resolved'],
    [`minio: &minio\n  address: *minio\n`, 'received an alias inside of its own anchor'],
    ['common:\n  storageType: s3\n', 'for common.storageType but received "s3"'],
    ['minio:\n  cloudProvider: ibm\n', 'for storage.cloudProvider but received "ibm"'],
    ['minio:\n  useSSL: maybe\n', 'true or false for storage.useSsl'],
  ])('refused: %s', (text, message) => {
    const parse = () => storageConfigFromMilvusYaml(text)
    expect(parse).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
    expect(parse).toThrow(message)
    expect(parse).not.toThrow(SECRET)
  })
})

describe('the environment', () => {
  const minio = {
    MINIO_ADDRESS: 'store',
    MINIO_ACCESS_KEY: 'AKID',
    MINIO_SECRET_KEY: SECRET,
    MINIO_BUCKET_NAME: 'segments',
  }
  const aws = { AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: SECRET, AWS_SESSION_TOKEN: 't' }
  const keys = { accessKeyId: 'AKID', secretAccessKey: SECRET }

  test.each<[string, Record<string, string>, Record<string, unknown>]>([
    ['nothing', { HOME: '/root' }, { storageType: 'local' }],
    ['Milvus', minio, { storageType: 'minio', address: 'store:9000', ...keys }],
    [
      "Milvus's longer names",
      {
        MINIO_ADDRESS: 'store:1',
        MINIO_ACCESS_KEY_ID: 'AKID',
        MINIO_SECRET_ACCESS_KEY: SECRET,
        MINIO_BUCKET_NAME: 'b',
        MINIO_USE_SSL: 'true',
        MINIO_SSL_TLS_CA_CERT: 'ca.pem',
        MINIO_ROOT_PATH: 'files',
        MINIO_MAX_CONNECTIONS: '7',
      },
      { address: 'store:1', ...keys, useSsl: true, sslCaCert: 'ca.pem', maxConnections: 7 },
    ],
    [
      'MILVUS_CONF_ first',
      { MILVUS_CONF_MINIO_BUCKET_NAME: 'first', ...minio },
      { bucketName: 'first' },
    ],
    [
      'Milvus on the local disk',
      { ...minio, COMMON_STORAGETYPE: 'local', LOCALSTORAGE_PATH: '/data' },
      { storageType: 'local', rootPath: '/data' },
    ],
    [
      "Milvus with AWS's keys",
      { MINIO_ADDRESS: 'store', MINIO_BUCKET_NAME: 'b', ...aws },
      { storageType: 'minio', ...keys, sessionToken: 't' },
    ],
    [
      'AWS',
      { ...aws, AWS_REGION: 'eu-central-1', AWS_DEFAULT_REGION: 'x' },
      { storageType: 'remote', cloudProvider: 'aws', region: 'eu-central-1', useSsl: true },
    ],
    [
      'AWS with an endpoint',
      { ...aws, AWS_ENDPOINT_URL: 'http://store:9000', AWS_CA_BUNDLE: 'ca.pem' },
      { storageType: 'minio', address: 'store:9000', useSsl: false, sslCaCert: undefined },
    ],
    ['AWS with a profile', { AWS_PROFILE: 'me' }, { useIam: true, accessKeyId: undefined }],
    [
      'AWS without new checksums',
      { ...aws, AWS_REQUEST_CHECKSUM_CALCULATION: 'WHEN_REQUIRED' },
      { checksums: 'whenRequired' },
    ],
    [
      'Azure',
      { AZURE_STORAGE_ACCOUNT: 'account', AZURE_STORAGE_KEY: 'a2V5' },
      { storageType: 'remote', cloudProvider: 'azure', accessKeyId: 'account' },
    ],
    [
      'a connection string of Azure',
      {
        AZURE_STORAGE_CONNECTION_STRING:
          'AccountName=dev;AccountKey=a2V5PQ==;BlobEndpoint=http://127.0.0.1:10000/dev;',
      },
      { accessKeyId: 'dev', secretAccessKey: 'a2V5PQ==', address: '127.0.0.1:10000' },
    ],
    [
      'Google',
      { GOOGLE_APPLICATION_CREDENTIALS: 'key.json' },
      { storageType: 'remote', cloudProvider: 'gcp', useIam: true },
    ],
  ])('%s', (what, env, expected) => {
    const instead = /bucket|Milvus|nothing|CONF/i.test(what) ? {} : { bucketName: 'b' }
    expectValues(storageConfigFromEnv(env, instead), expected)
  })

  test('the family that is asked for, whatever else there is', () => {
    const env = { ...minio, AZURE_STORAGE_ACCOUNT: 'account', AZURE_STORAGE_KEY: 'a2V5' }
    const of = (family: 's3' | 'azure' | 'gcp') =>
      storageConfigFromEnv(env, { bucketName: 'b' }, family)
    expect(of('s3')).toMatchObject({ storageType: 'minio', accessKeyId: 'AKID' })
    expect(of('azure')).toMatchObject({ cloudProvider: 'azure', accessKeyId: 'account' })
    expect(of('gcp')).toMatchObject({ cloudProvider: 'gcp', useIam: true })
  })

  test('a bucket that nobody names', () => {
    expect(() => storageConfigFromEnv(aws)).toThrow('storage.bucketName')
    expect(() => storageConfigFromEnv(aws)).not.toThrow(SECRET)
  })
})

describe('URIs', () => {
  test.each([
    ['s3://bucket/a/b', { family: 's3', bucketName: 'bucket', path: 'a/b' }],
    ['S3://bucket', { family: 's3', bucketName: 'bucket', path: '' }],
    ['az://container/a', { family: 'azure', bucketName: 'container', path: 'a' }],
    ['gs://b/a?b#c', { family: 'gcp', bucketName: 'b', path: 'a?b#c' }],
    ['s3://b/a%20b +ü/', { family: 's3', bucketName: 'b', path: 'a%20b +ü/' }],
    ['s3://b/a//b/../c', { family: 's3', bucketName: 'b', path: 'a//b/../c' }],
    ['s3://b//a', { family: 's3', bucketName: 'b', path: '//a' }],
    ['file:///a%20b', { family: 'file', path: '/a%20b' }],
    ['seg/0', { family: undefined, path: 'seg/0' }],
    ['/seg:1', { family: undefined, path: '/seg:1' }],
    ['C:\\seg', { family: undefined, path: 'C:\\seg' }],
  ])('%s', (text, expected) => {
    expect(parseStorageUri(text)).toEqual(expected)
  })

  test.each([
    ['s3:///key', 'a bucket after s3://'],
    ['s3://', 'a bucket after s3://'],
    [`s3://me:${SECRET}@host/key`, 'received a user name before it'],
    ['ftp://host/key', 's3://, az://, gs:// or file:///'],
    ['file://host/key', 's3://, az://, gs:// or file:///'],
  ])('refused: %s', (text, message) => {
    expect(() => parseStorageUri(text)).toThrow(message)
    expect(() => parseStorageUri(text)).not.toThrow(SECRET)
  })

  test.each<[StorageConfig, string, string]>([
    [{ storageType: 'minio', bucketName: 'b', rootPath: 'files' }, 'a', 's3://b/files/a'],
    [{ storageType: 'minio', bucketName: 'b', rootPath: 'files/' }, '/a', 's3://b/files/a'],
    [{ storageType: 'remote', cloudProvider: 'gcp', bucketName: 'b' }, 'a', 'gs://b/a'],
    [{ storageType: 'remote', cloudProvider: 'azure', bucketName: 'b' }, 'a', 'az://b/a'],
    [{ rootPath: '/data' }, 'a', 'a'],
  ])('of %j and %s: %s', (config, path, uri) => {
    expect(storageUri(config, path)).toBe(uri)
  })

  test('of any key: there and back', () => {
    const config: StorageConfig = { storageType: 'minio', bucketName: 'b' }
    const key = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom(...'/%+ a?#') }),
    )
    fc.assert(
      fc.property(key, (text) => {
        const { path } = parseStorageUri(`s3://b/${text}`)
        expect(joinRoot('', path)).toBe(text)
        expect(storageUri(config, path)).toBe(`s3://b/${text}`)
      }),
    )
  })
})
