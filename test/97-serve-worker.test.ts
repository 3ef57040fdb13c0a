/** The endpoint of a worker: what it answers, to whom, and when it ends. */
import { request } from 'node:http'
import { PackedError } from '../lib/errors/index.js'
import { serveWorker, type WorkerServer } from '../lib/ingest/index.js'
import { prometheusMeter } from '../lib/telemetry/index.js'
import { rejection } from './support/rejection.js'

type Status = ReturnType<Parameters<typeof serveWorker>[0]['worker']['status']>

/** States that a real worker only has in trouble, see test/fault for those. */
const RUNNING: Status = {
  state: 'running',
  channelName: 'channel-1',
  collectionId: 2n ** 62n + 1n,
  rows: 7,
  bytes: 700,
  deletes: 1,
  repeats: 0,
  segments: { growing: 1, sealed: 0, flushing: 0, flushed: 2 },
  bufferBytes: 100,
  memoryBytes: 1 << 28,
  backlogMessages: 3,
  logBytes: 900,
  checkpoint: undefined,
  lastError: undefined,
}

let status = RUNNING
let server: WorkerServer
const metrics = prometheusMeter()
const worker = { status: () => status }

beforeEach(async () => {
  status = RUNNING
  server = await serveWorker({ worker, metrics: await metrics, port: 0 })
})
afterEach(() => server.close())

const get = async (path: string, method = 'GET') => {
  const response = await fetch(server.url + path, { method })
  return { status: response.status, headers: response.headers, body: await response.text() }
}

test('metrics are what Prometheus reads', async () => {
  const meter = await metrics
  meter.add('ingest.rows', 5)
  const page = await get('/metrics?name=x')
  expect(page.status).toBe(200)
  expect(page.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
  expect(page.body).toMatch(/^arrow_packed_ingest_rows_total 5$/m)
})

test('health is 200 while the worker runs, and else 503 with the reason', async () => {
  expect(await get('/healthz')).toMatchObject({ status: 200, body: 'running\n' })
  status = { ...RUNNING, lastError: new PackedError('NoSpace', 'the disk was full') }
  expect(await get('/healthz')).toMatchObject({ status: 200, body: 'running\n' })
  status = { ...status, state: 'stalled' }
  expect(await get('/healthz')).toMatchObject({
    status: 503,
    body: 'stalled: NoSpace: the disk was full\n',
  })
  status = { ...RUNNING, state: 'failed', lastError: new Error('odd') }
  expect(await get('/healthz')).toMatchObject({ status: 503, body: 'failed: odd\n' })
})

test('the status is JSON with every digit', async () => {
  status = { ...RUNNING, lastError: new PackedError('Network', 'gone') }
  const { body, headers } = await get('/status')
  expect(headers.get('content-type')).toMatch(/^application\/json/)
  expect(body).toContain('"collectionId": 4611686018427387905,')
  expect(JSON.parse(body)).toMatchObject({
    state: 'running',
    segments: { flushed: 2 },
    lastError: { code: 'Network', message: 'gone' },
  })
})

test('anything else is refused', async () => {
  expect(await get('/')).toMatchObject({ status: 404 })
  const post = await get('/metrics', 'POST')
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  const head = await get('/healthz', 'HEAD')
  expect([head.status, head.body, head.headers.get('content-length')]).toEqual([200, '', '8'])
})

test('it ends with the worker, at the first request that finds it closed', async () => {
  status = { ...RUNNING, state: 'closed' }
  expect(await get('/healthz')).toMatchObject({ status: 503, body: 'closed\n' })
  await server.close()
  await expect(get('/healthz')).rejects.toThrow()
})

test('it ends by a signal, and closing twice is fine', async () => {
  const controller = new AbortController()
  const { signal } = controller
  const own = await serveWorker({ worker, metrics: await metrics, port: 0, signal })
  expect((await fetch(`${own.url}/healthz`)).status).toBe(200)
  controller.abort()
  await Promise.all([own.close(), own.close()])
  await expect(fetch(`${own.url}/healthz`)).rejects.toThrow()
  await expect(serveWorker({ worker, metrics: await metrics, port: 0, signal })).rejects.toBe(
    signal.reason,
  )
})

test('a client that sends nothing more does not hold up the end', async () => {
  const half = request(`${server.url}/healthz`, {
    method: 'POST',
    headers: { 'content-length': 9 },
  })
  half.on('error', () => {})
  half.write('x')
  await new Promise((resolve) => half.once('socket', (socket) => socket.once('connect', resolve)))
  await server.close()
  half.destroy()
})

test.each([
  [{ port: 65_536 }, /an integer >= 0 and <= 65535 for port/],
  [{ prt: 1 }, /Did you mean "port"/],
  [{ host: '' }, /a non-empty string without NUL for host/],
  [{ worker: undefined }, /an object for worker/],
])('%j cannot be meant', async (wrong, message) => {
  const options = { worker, metrics: await metrics, port: 0, ...wrong }
  const error = await rejection(() => serveWorker(options as never))
  expect(error).toMatchObject({ code: 'InvalidArgument', message: expect.stringMatching(message) })
})

test('a port that is taken is one clear error', async () => {
  const options = { worker, metrics: await metrics, port: server.port }
  expect(await rejection(() => serveWorker(options))).toMatchObject({
    code: 'Conflict',
    message: expect.stringMatching(/a free port for 127\.0\.0\.1:\d+ .*EADDRINUSE/),
  })
})
