import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import { inspect } from 'node:util'
import type { StorageConfig } from '../lib/config/index.js'
import type { PackedError } from '../lib/index.js'
import { type ObjectStore, openObjectStore } from '../lib/storage/index.js'
import { errorBody, type FaultyGateway, startFaultyGateway } from './support/faulty-gateway'
import {
  ACCESS_KEY,
  describeWithServers,
  SECRET_KEY,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers'
import { rejection } from './support/rejection'
import { SERVERS } from './support/server-process'
import { temporaryDirectory } from './support/temporary'

const WRONG_SECRET = 'not-the-secret-of-anybody'
const TOKEN = 'a-session-token-nobody-may-read'
const STRANGER = { accessKeyId: 'stranger', secretAccessKey: 'secret-of-the-stranger' }
const SECRETS = [SECRET_KEY, WRONG_SECRET, TOKEN, STRANGER.secretAccessKey]
/** What is permanent is said in less. */
const SOON_MS = 5000

const OPERATIONS: Record<string, (store: ObjectStore) => Promise<unknown>> = {
  head: (store) => store.head('k'),
  get: (store) => store.get('k'),
  put: (store) => store.put('k', new TextEncoder().encode('x')),
  // More than the buffers of a connection take: the store answers before it has read that.
  putLarge: (store) => store.put('k', new Uint8Array(9 << 20)),
  create: (store) => store.create('k'),
  list: async (store) => {
    for await (const _ of store.list('k')) return
  },
  listUploads: async (store) => {
    for await (const _ of store.listUploads('k')) return
  },
  remove: (store) => store.remove('k'),
  removeMany: (store) => store.removeMany(['k']),
  copy: (store) => store.copy('k', 'l'),
}

/** Everything a log may take of an error. */
function textOf(error: PackedError): string {
  return [
    error.message,
    error.stack,
    String(error.cause),
    JSON.stringify(error),
    inspect(error, { depth: Infinity, showHidden: true }),
  ].join('\n')
}

describeWithServers('who may not', () => {
  const directory = temporaryDirectory('object-store-access')
  let server: TestServer
  let tls: Awaited<ReturnType<typeof startTls>>
  let gateway: FaultyGateway
  let certificate: string

  beforeAll(async () => {
    server = await startVersitygw(directory)
    gateway = await startFaultyGateway(server.port)
    addUser(server.port)
    const files = makeCertificate(directory)
    certificate = files.certificate
    tls = await startTls(server.port, files)
  })
  afterEach(() => gateway.heal())
  afterAll(async () => {
    tls.stop()
    await gateway.stop()
    await server.stop()
  })

  const CASES: [string, string, () => StorageConfig][] = [
    ['wrong key', 'PermissionDenied', () => storageAt(server.port, { accessKeyId: 'nobody' })],
    [
      'wrong secret',
      'PermissionDenied',
      () => storageAt(server.port, { secretAccessKey: WRONG_SECRET }),
    ],
    ['no permission', 'PermissionDenied', () => storageAt(server.port, STRANGER)],
    ['missing bucket', 'NotFound', () => storageAt(server.port, { bucketName: 'no-such-bucket' })],
    [
      'a certificate that nobody signed',
      'Network',
      () => storageAt(tls.port, { address: `https://127.0.0.1:${tls.port}` }),
    ],
  ]

  test.each(CASES)('%s is %s, at once, without a secret in the text', async (_, code, config) => {
    const store = await openObjectStore(config())
    for (const [name, operation] of Object.entries(OPERATIONS)) {
      const started = Date.now()
      const error = await rejection(() => operation(store))
      expect({ name, code: error.code }).toEqual({ name, code })
      expect(Date.now() - started).toBeLessThan(SOON_MS)
      if (code === 'NotFound') expect(error.message).toContain('bucket')
      for (const secret of SECRETS) expect(textOf(error)).not.toContain(secret)
      expect(textOf(error)).not.toMatch(/X-Amz-Signature|AWS4-HMAC/i)
    }
  })

  // versitygw knows no session tokens: the gateway answers as AWS does, without a body to HEAD.
  test('an expired token is PermissionDenied, also of an answer without a text', async () => {
    const store = await openObjectStore(storageAt(gateway.port, { sessionToken: TOKEN }))
    gateway.spoil(({ method }) => ({
      answer: { status: 400, ...(method === 'HEAD' ? {} : { body: errorBody('ExpiredToken') }) },
    }))
    for (const operation of [OPERATIONS.head!, OPERATIONS.get!, OPERATIONS.put!]) {
      const error = await rejection(() => operation(store))
      expect(error).toMatchObject({
        code: 'PermissionDenied',
        retryable: false,
        cause: { code: 'ExpiredToken', status: 400 },
      })
      expect(gateway.seen.every(({ headers }) => headers['x-amz-security-token'] === TOKEN)).toBe(
        true,
      )
      for (const secret of SECRETS) expect(textOf(error)).not.toContain(secret)
    }
  })

  test('a missing object in a bucket that is there does not speak of the bucket', async () => {
    const store = await openObjectStore(storageAt(server.port))
    const error = await rejection(() => store.head('nothing'))
    expect(error).toMatchObject({ code: 'NotFound', path: 'nothing' })
    expect(error.message).not.toContain('bucket')
  })

  test('a certificate of its own is trusted when it is named', async () => {
    const named = { address: `https://127.0.0.1:${tls.port}`, sslCaCert: certificate }
    const store = await openObjectStore(storageAt(tls.port, { ...named, tlsMinVersion: '1.3' }))
    const content = Uint8Array.from({ length: 3 << 20 }, (_, at) => at * 7)
    await store.put('over tls', content)
    expect(Buffer.compare(await store.get('over tls'), content)).toBe(0)
    const missing = storageAt(tls.port, { ...named, sslCaCert: join(directory, 'none.pem') })
    expect(await rejection(() => openObjectStore(missing))).toMatchObject({
      code: 'NotFound',
      path: join(directory, 'none.pem'),
    })
  })
})

/** A user who owns no bucket and was given nothing. */
function addUser(port: number): void {
  const { accessKeyId, secretAccessKey } = STRANGER
  const root = ['--access', ACCESS_KEY, '--secret', SECRET_KEY]
  const endpoint = ['--endpoint-url', `http://127.0.0.1:${port}`]
  const user = ['--access', accessKeyId, '--secret', secretAccessKey, '--role', 'user']
  const args = ['admin', ...root, ...endpoint, 'create-user', ...user]
  execFileSync(join(SERVERS, 'bin', 'versitygw'), args, { stdio: 'ignore' })
}

/** A certificate that has signed itself; its files. */
function makeCertificate(directory: string): { certificate: string; key: string } {
  const [certificate, key] = [join(directory, 'certificate.pem'), join(directory, 'key.pem')]
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const form = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const files = ['-keyout', key, '-out', certificate, '-days', '2']
  execFileSync('openssl', ['req', ...form, ...files, ...subject], { stdio: 'ignore' })
  return { certificate, key }
}

/** The store at `port`, also over TLS: its own listener cannot be asked whether it is up. */
async function startTls(port: number, files: { certificate: string; key: string }) {
  const options = { cert: readFileSync(files.certificate), key: readFileSync(files.key) }
  const server = createServer(options, (socket) => {
    const onward = connect(port, '127.0.0.1')
    for (const end of [socket, onward]) end.once('error', () => end.destroy())
    socket.pipe(onward).pipe(socket)
  }).listen(0, '127.0.0.1')
  server.on('tlsClientError', () => {})
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, stop: () => server.close() }
}
