import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { StorageConfig, StorageCredentials } from '../lib/config/index.js'
import { nativeStorageOf, type ObjectStore, openObjectStore } from '../lib/storage/index.js'
import { type FaultyGateway, startFaultyGateway } from './support/faulty-gateway'
import {
  ACCESS_KEY,
  BUCKET,
  describeWithServers,
  SECRET_KEY,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers'
import { rejection } from './support/rejection'
import { temporaryDirectory } from './support/temporary'

const ROOT: StorageCredentials = { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY }
const bytesOf = (text: string) => new TextEncoder().encode(text)

/** Answers each call with the next of `answers`, and the last for ever. */
function provider(...answers: (StorageCredentials | Error)[]) {
  let calls = 0
  const credentials = async (): Promise<StorageCredentials> => {
    const answer = answers[Math.min(calls, answers.length - 1)]!
    calls += 1
    if (answer instanceof Error) throw answer
    return answer
  }
  return { credentials, calls: () => calls }
}

describeWithServers('who asks', () => {
  const directory = temporaryDirectory('object-store-identity')
  let server: TestServer
  let gateway: FaultyGateway

  beforeAll(async () => {
    server = await startVersitygw(directory)
    gateway = await startFaultyGateway(server.port)
  })
  afterEach(() => {
    gateway.heal()
    jest.restoreAllMocks()
  })
  afterAll(async () => {
    await gateway.stop()
    await server.stop()
  })

  const withFunction = (credentials: () => Promise<StorageCredentials>): StorageConfig => {
    const { accessKeyId: _, secretAccessKey: __, ...rest } = storageAt(gateway.port)
    return { ...rest, credentials, retryTimeoutMs: 3000 }
  }
  const keysSeen = () =>
    gateway.seen.map(({ headers }) => /Credential=([^/]+)/.exec(headers.authorization ?? '')?.[1])

  test('a function is asked once for all who need its answer at the same time', async () => {
    const { credentials, calls } = provider(ROOT)
    const store = await openObjectStore(withFunction(credentials))
    expect(calls()).toBe(0)
    await Promise.all(Array.from({ length: 8 }, (_, at) => store.put(`once/${at}`, bytesOf('x'))))
    expect(calls()).toBe(1)
  })

  test('credentials change in the middle of an upload, before the old ones end', async () => {
    const soon = new Date(Date.now() + 60_000)
    const { credentials, calls } = provider({ ...ROOT, expiration: soon }, ROOT)
    const store = await openObjectStore(withFunction(credentials))
    const upload = await store.create('rotated')
    jest.spyOn(Date, 'now').mockReturnValue(soon.getTime() - 5000)
    const tag = await store.part('rotated', upload, { number: 1, content: bytesOf('x') })
    await store.complete('rotated', upload, [tag])
    expect(calls()).toBe(2)
  })

  test('credentials that the store refuses are asked for again, once', async () => {
    const old = { accessKeyId: 'rotated-away', secretAccessKey: 'of-yesterday' }
    const { credentials, calls } = provider(old, ROOT)
    const store = await openObjectStore(withFunction(credentials))
    await store.put('renewed', bytesOf('x'))
    expect(calls()).toBe(2)
    expect(keysSeen()).toEqual(['rotated-away', ACCESS_KEY])
    const same = provider(old)
    const stuck = await openObjectStore(withFunction(same.credentials))
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const error = await rejection(() => stuck.get('renewed'))
      expect(error).toMatchObject({ code: 'PermissionDenied' })
    }
    expect(same.calls()).toBe(2)
  })

  test('what is at hand is used while it is valid, when nothing new is to be had', async () => {
    const soon = { ...ROOT, expiration: new Date(Date.now() + 2000) }
    const { credentials, calls } = provider(soon, new Error('away'))
    const store = await openObjectStore(withFunction(credentials))
    await store.put('valid', bytesOf('x'))
    jest.spyOn(Date, 'now').mockReturnValue(soon.expiration.getTime() - 100)
    expect((await store.get('valid')).byteLength).toBe(1)
    expect(calls()).toBe(2)
  })

  test('a function that throws is PermissionDenied, without its words', async () => {
    const { credentials } = provider(new Error('the vault said: hunter2'))
    const store = await openObjectStore(withFunction(credentials))
    const error = await rejection(() => store.get('k'))
    expect(error).toMatchObject({ code: 'PermissionDenied' })
    expect(`${error.message} ${error.cause}`).not.toContain('hunter2')
    const nothing = await openObjectStore(
      withFunction(async () => ({ accessKeyId: 'a' }) as StorageCredentials),
    )
    expect(await rejection(() => nothing.get('k'))).toMatchObject({
      code: 'PermissionDenied',
      message: expect.stringContaining('secretAccessKey'),
    })
    expect(gateway.seen).toEqual([])
  })

  test('a function that never answers is cut off by the time of the operation', async () => {
    const store = await openObjectStore({
      ...withFunction(() => new Promise(() => {})),
      retryTimeoutMs: 300,
    })
    expect(await rejection(() => store.get('k'))).toMatchObject({ code: 'Timeout' })
  })

  test('a role is assumed with its session and external id', async () => {
    const asked: URLSearchParams[] = []
    const sts = createServer((request, response) => {
      const body: Buffer[] = []
      request.on('data', (chunk: Buffer) => body.push(chunk))
      request.on('end', () => {
        asked.push(new URLSearchParams(Buffer.concat(body).toString()))
        response.writeHead(200, { 'content-type': 'text/xml' }).end(assumed())
      })
    }).listen(0, '127.0.0.1')
    await once(sts, 'listening')
    try {
      const store = await openObjectStore({
        ...storageAt(gateway.port, { accessKeyId: 'base', secretAccessKey: 'base-secret' }),
        roleArn: 'arn:aws:iam::123456789012:role/writer',
        sessionName: 'segments',
        externalId: 'tenant-7',
        loadFrequencyS: 1800,
        iamEndpoint: `http://127.0.0.1:${(sts.address() as AddressInfo).port}`,
      })
      // versitygw knows no session tokens.
      gateway.spoil(() => ({ answer: { status: 200 } }))
      await Promise.all([store.put('role/1', bytesOf('x')), store.put('role/2', bytesOf('x'))])
      expect(keysSeen()).toEqual([ACCESS_KEY, ACCESS_KEY])
      expect(gateway.seen.map(({ headers }) => headers['x-amz-security-token'])).toEqual(['t', 't'])
      expect(asked).toHaveLength(1)
      expect(Object.fromEntries(asked[0]!)).toMatchObject({
        Action: 'AssumeRole',
        RoleArn: 'arn:aws:iam::123456789012:role/writer',
        RoleSessionName: 'segments',
        ExternalId: 'tenant-7',
        DurationSeconds: '1800',
      })
    } finally {
      sts.closeAllConnections()
      sts.close()
    }
  })

  test('without keys the environment is asked', async () => {
    const { accessKeyId: _, secretAccessKey: __, ...rest } = storageAt(server.port)
    const environment = { ...process.env }
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: ACCESS_KEY, AWS_SECRET_ACCESS_KEY: SECRET_KEY })
    try {
      const store = await openObjectStore({ ...rest, region: 'us-east-1' })
      await store.put('environment', bytesOf('x'))
      expect((await store.head('environment')).sizeBytes).toBe(1)
    } finally {
      process.env = environment
    }
  })

  test('the addon gets the credentials of the moment, and no function', async () => {
    const { credentials } = provider({ ...ROOT, sessionToken: 'token' })
    const native = await nativeStorageOf({ ...withFunction(credentials), rootPath: 'files' })
    expect({ ...native }).toMatchObject({
      storageType: 'minio',
      address: `127.0.0.1:${gateway.port}`,
      bucketName: BUCKET,
      rootPath: 'files',
      ...ROOT,
      sessionToken: 'token',
    })
    expect(native.credentials).toBeUndefined()
    expect({ ...(await nativeStorageOf({ rootPath: '/tmp' })) }).toEqual({
      storageType: 'local',
      rootPath: '/tmp',
    })
  })
})

function assumed(): string {
  const expiration = new Date(Date.now() + 1_800_000).toISOString()
  return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<Credentials><AccessKeyId>${ACCESS_KEY}</AccessKeyId><SecretAccessKey>${SECRET_KEY}</SecretAccessKey>
<SessionToken>t</SessionToken><Expiration>${expiration}</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>`
}

describe('stores that are shared', () => {
  const place = (more: Partial<StorageConfig> = {}) => storageAt(9, more)

  test('one client per place and identity, made once', async () => {
    const [first, second] = await Promise.all([openObjectStore(place()), openObjectStore(place())])
    expect(second).toBe(first)
    const credentials = async () => ROOT
    const others: ObjectStore[] = await Promise.all([
      openObjectStore(place({ secretAccessKey: 'another' })),
      openObjectStore(place({ bucketName: 'another' })),
      openObjectStore(place({ retryTimeoutMs: 1 })),
      openObjectStore(place({ credentials })),
      openObjectStore(place({ credentials: async () => ROOT })),
    ])
    expect(new Set([first, ...others]).size).toBe(6)
    expect(await openObjectStore(place({ credentials }))).toBe(others[3])
  })

  test('the store that was not used for longest is forgotten', async () => {
    const first = await openObjectStore(place({ rootPath: 'first' }))
    for (let other = 0; other < 15; other += 1) {
      await openObjectStore(place({ rootPath: `other ${other}` }))
    }
    expect(await openObjectStore(place({ rootPath: 'first' }))).toBe(first)
    for (let other = 0; other < 16; other += 1) {
      await openObjectStore(place({ rootPath: `more ${other}` }))
    }
    expect(await openObjectStore(place({ rootPath: 'first' }))).not.toBe(first)
  })

  test('what names no store is refused', async () => {
    for (const [config, field] of [
      [{}, 'storage.storageType'],
      [{ storageType: 'local' }, 'storage.storageType'],
      [{ storageType: 'minio' }, 'storage.bucketName'],
      [{ storageType: 'minio', bucketName: 'b', adress: 'x' }, 'address'],
    ] as const) {
      const error = await rejection(() => openObjectStore(config as StorageConfig))
      expect(error).toMatchObject({
        code: 'InvalidArgument',
        message: expect.stringContaining(field),
      })
    }
    const role = { roleArn: 'r', cloudProvider: 'aliyun', storageType: 'remote' } as const
    expect(await rejection(() => openObjectStore(place(role)))).toMatchObject({
      code: 'NotSupported',
    })
  })
})
