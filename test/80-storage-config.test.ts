/** What a storage configuration may say, what it becomes, and that its secrets stay where they are. */
import { inspect } from 'node:util'
import {
  checkStorageConfig,
  describeStorage,
  parseAddress,
  parseStorageConfig,
  resolveStorageConfig,
  STORAGE_CONFIG_KEYS,
  type StorageConfig,
  storageConfigFromMilvusYaml,
} from '../lib/config/index.js'
import { isPackedError } from '../lib/errors/index.js'

const SECRET = 'wJalrXUtnFEMI-K7MDENG'
const S3: StorageConfig = {
  storageType: 'minio',
  address: '127.0.0.1:9000',
  bucketName: 'segments',
  accessKeyId: 'AKID',
  secretAccessKey: SECRET,
}
const AZURE: StorageConfig = {
  storageType: 'remote',
  cloudProvider: 'azure',
  bucketName: 'segments',
  accessKeyId: 'account',
  secretAccessKey: SECRET,
}

/** The message of the InvalidArgument that `run` throws; no error of a configuration holds it. */
function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    expect(isPackedError(error)).toBe(true)
    expect(error).toMatchObject({ code: 'InvalidArgument' })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(SECRET)
    return (error as Error).message
  }
  throw new Error('Expected an error but there was none')
}

describe('the flat form', () => {
  test('the local disk needs nothing', () => {
    expect(resolveStorageConfig(undefined)).toEqual({ storageType: 'local' })
    expect(resolveStorageConfig({ rootPath: 'files' })).toEqual({
      storageType: 'local',
      rootPath: 'files',
    })
  })

  test('an object store is completed, empty texts say nothing', () => {
    expect(resolveStorageConfig({ ...S3, region: '', sslCaCert: '' })).toEqual({
      ...S3,
      cloudProvider: 'aws',
      useSsl: false,
      useVirtualHost: false,
      multipartPartBytes: 10 << 20,
    })
  })

  test('what it gave can be given again', () => {
    const once = checkStorageConfig({ ...S3, address: 'https://store:9000', tlsMinVersion: '1.2' })
    expect(checkStorageConfig(once)).toEqual(once)
    expect(once).toMatchObject({ address: 'store:9000', useSsl: true })
  })

  test('what only JavaScript knows is not in it, and stays in the checked one', () => {
    const credentials = async () => ({ accessKeyId: 'a', secretAccessKey: SECRET })
    const config: StorageConfig = { ...S3, credentials, checksums: 'whenRequired' }
    const flat = resolveStorageConfig(config)
    expect(Object.keys(flat)).not.toContain('credentials')
    expect(Object.keys(flat)).not.toContain('checksums')
    expect(checkStorageConfig(config)).toMatchObject({ credentials, checksums: 'whenRequired' })
  })

  test('buckets of providers that know no paths are hosts', () => {
    const config = { ...S3, storageType: 'remote', cloudProvider: 'aliyun', useVirtualHost: false }
    expect(resolveStorageConfig(config).useVirtualHost).toBe(true)
  })

  test.each([
    [S3, false],
    [{ ...S3, useSsl: true }, true],
    [{ ...S3, address: undefined }, true],
    [{ ...S3, address: undefined, useSsl: false }, false],
    [{ ...S3, address: 'http://store' }, false],
    [{ ...AZURE, address: 'core.windows.net' }, true],
    [{ ...AZURE, address: '127.0.0.1:10000' }, false],
    [AZURE, true],
  ])('%j: https is %s', (config, useSsl) => {
    expect(resolveStorageConfig(config).useSsl).toBe(useSsl)
  })
})

describe('refused', () => {
  test.each([
    [{ ...S3, bucketNme: 'x' }, 'Did you mean "bucketName"?'],
    [{ ...S3, storageType: 's3' }, "'local' | 'minio' | 'remote'"],
    [{ ...S3, cloudProvider: 'gcpnative' }, "'gcp' | 'azure'"],
    [{ ...S3, bucketName: undefined }, 'storage.bucketName with storageType'],
    [{ ...S3, bucketName: 'a/b' }, 'a bucket without a slash'],
    [{ ...S3, bucketName: 7 }, 'a string without NUL for storage.bucketName but received 7'],
    [{ ...S3, useSsl: 'true' }, 'a boolean for storage.useSsl'],
    [{ ...S3, secretAccessKey: undefined }, 'storage.secretAccessKey with accessKeyId'],
    [{ ...S3, accessKeyId: undefined }, 'storage.accessKeyId with secretAccessKey'],
    [
      { ...S3, accessKeyId: '', secretAccessKey: '', sessionToken: SECRET },
      'storage.accessKeyId with sessionToken',
    ],
    [{ ...S3, tlsMinVersion: '1.2' }, 'storage.useSsl with tlsMinVersion'],
    [{ ...S3, sslCaCert: 'ca.pem' }, 'storage.useSsl with sslCaCert'],
    [{ ...S3, useSsl: true, tlsMinVersion: '1.4' }, "'1.2' | '1.3'"],
    [{ ...S3, sessionName: 'me' }, 'storage.roleArn with sessionName'],
    [{ ...S3, externalId: 'me' }, 'storage.roleArn with externalId'],
    [
      { ...S3, storageType: 'remote', cloudProvider: 'tencent', roleArn: 'arn:x' },
      "no storage.roleArn with cloudProvider 'tencent'",
    ],
    [{ ...S3, storageType: 'remote', cloudProvider: 'huawei', address: '' }, 'storage.address'],
    [{ ...S3, loadFrequencyS: 899 }, 'an integer >= 900 and <= 43200'],
    [{ ...S3, requestTimeoutMs: 0 }, 'an integer >= 1'],
    [{ ...S3, requestTimeoutMs: 1.5 }, 'received 1.5'],
    [{ ...S3, multipartPartBytes: '10MiB' }, 'an integer'],
    [{ ...S3, gcpCredentialJson: '{}' }, 'no storage.gcpCredentialJson with cloudProvider'],
    [{ ...S3, cloudProvider: 'gcp', gcpCredentialJson: SECRET }, 'JSON for storage.gcpCred'],
    [{ ...S3, credentials: 'me' }, 'a function for storage.credentials'],
    [{ ...S3, secretAccessKey: `${SECRET}\0` }, 'for storage.secretAccessKey but received some'],
    [{ ...S3, secretAccessKey: [SECRET] }, 'for storage.secretAccessKey but received something'],
    [{ ...S3, cloudProvider: 'azure' }, "storageType 'remote' with cloudProvider 'azure'"],
    [{ ...AZURE, accessKeyId: undefined }, 'storage.accessKeyId, the account'],
    [{ ...AZURE, tlsMinVersion: '1.2' }, 'no storage.tlsMinVersion'],
    [{ ...AZURE, credentials: async () => ({}) }, 'no storage.credentials'],
    [{ ...S3, address: 'https://store', useSsl: false }, 'agrees with storage.useSsl'],
    ['s3://bucket', 'an object for storage'],
    [null, 'an object for storage'],
  ])('%p', (config, message) => {
    expect(refusal(() => resolveStorageConfig(config))).toContain(message)
  })
})

describe('addresses', () => {
  test.each([
    ['localhost', 'localhost', undefined],
    ['localhost:9000', 'localhost:9000', undefined],
    ['http://10.0.0.1:9000', '10.0.0.1:9000', false],
    ['HTTPS://store.example/', 'store.example', true],
    ['[::1]:9000', '[::1]:9000', undefined],
    ['https://[fe80::1]', '[fe80::1]', true],
  ])('%s', (text, address, useSsl) => {
    expect(parseAddress(text)).toEqual({ address, useSsl })
  })

  test.each([
    '::1',
    '[::1]9000',
    'host:0',
    'host:65536',
    'host:port',
    'ftp://host',
    'http://',
    'host/bucket',
    'http://host/bucket',
    'ho st',
    `me:${SECRET}@host:9000`,
    `https://me:${SECRET}@host`,
    `https://host?sig=${SECRET}`,
    '',
  ])('refused: %s', (text) => {
    expect(refusal(() => parseAddress(text))).toContain('host:port or http(s)://host:port')
  })
})

describe('secrets', () => {
  const config: StorageConfig = {
    ...S3,
    sessionToken: `${SECRET}-token`,
    credentials: async () => ({ accessKeyId: 'a', secretAccessKey: SECRET }),
  }
  const google = { ...S3, cloudProvider: 'gcp', gcpCredentialJson: `{"private_key":"${SECRET}"}` }

  test.each([
    ['checked', checkStorageConfig(config)],
    ['flat', resolveStorageConfig(config)],
    ['of Google', checkStorageConfig(google)],
    ['from JSON', parseStorageConfig(JSON.stringify(S3))],
    [
      'from milvus.yaml',
      storageConfigFromMilvusYaml(
        `minio:\n  address: store\n  accessKeyID: a\n  secretAccessKey: ${SECRET}\n`,
      ),
    ],
  ])('a configuration that is %s prints without them', (_, checked) => {
    const texts = [
      inspect(checked),
      inspect({ nested: [checked] }, { depth: 9 }),
      JSON.stringify({ storage: checked }),
      String(checked),
      inspect(describeStorage(checked)),
    ]
    for (const text of texts) expect(text).not.toContain(SECRET)
    expect(texts[0]).toContain("secretAccessKey: '***'")
    expect((checked as StorageConfig).secretAccessKey).toBe(SECRET)
  })

  test("describeStorage hides those of a caller's own object, and a user in its address", () => {
    const described = describeStorage({ ...config, address: `http://me:${SECRET}@host:9000` })
    expect(described).toMatchObject({
      accessKeyId: 'AKID',
      secretAccessKey: '***',
      sessionToken: '***',
      credentials: 'a function',
      address: 'http://***@host:9000',
    })
  })

  test('every name says whether it is one', () => {
    const all = Object.fromEntries(STORAGE_CONFIG_KEYS.map((key) => [key, 'value']))
    const hidden = Object.entries(describeStorage(all)).filter(([, value]) => value === '***')
    expect(hidden.map(([key]) => key)).toEqual([
      'secretAccessKey',
      'sessionToken',
      'gcpCredentialJson',
    ])
  })
})

describe('part sizes', () => {
  test('what S3 takes is taken', () => {
    for (const multipartPartBytes of [5 * 2 ** 20, 64 << 20, 5 * 2 ** 30]) {
      expect(resolveStorageConfig({ ...S3, multipartPartBytes })).toMatchObject({
        multipartPartBytes,
      })
    }
  })

  test('anything else becomes 10 MiB, and one warning says so', () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {})
    try {
      for (const multipartPartBytes of [1 << 20, 6 * 2 ** 30, 0, -1]) {
        expect(resolveStorageConfig({ ...S3, multipartPartBytes })).toMatchObject({
          multipartPartBytes: 10 << 20,
        })
      }
      expect(warn.mock.calls).toEqual([
        [
          expect.stringContaining('received 1048576 bytes: parts have 10 MiB'),
          { code: 'ARROW_PACKED_PART_BYTES' },
        ],
      ])
    } finally {
      warn.mockRestore()
    }
  })
})
