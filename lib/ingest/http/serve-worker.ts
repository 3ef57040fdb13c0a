import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectSignal,
  expectText,
  stringifyExact,
} from '../../config/index.js'
import { isPackedError, PackedError, type PackedErrorCode } from '../../errors/index.js'
import { follow } from '../../storage/index.js'
import type { PrometheusMeter } from '../../telemetry/index.js'
import type { WorkerStatus } from '../worker/worker-status.js'

/** What is asked of a worker. */
export interface ServedWorker {
  /** What `/status` answers with; cheap, and never rejects. */
  status(): WorkerStatus
}

/** Options of {@link serveWorker}. */
export interface ServeWorkerOptions {
  /** Whose state is served. */
  worker: ServedWorker
  /** What `/metrics` shows: the meter, or one of the meters, that the worker was given. */
  metrics: PrometheusMeter
  /** 0 takes a free one. */
  port: number
  /** Only this machine by default: what is served has no password. */
  host?: string
  /** Ends the server. */
  signal?: AbortSignal
}

/** A running endpoint. */
export interface WorkerServer extends AsyncDisposable {
  readonly port: number
  /** `http://host:port` */
  readonly url: string
  /** Idempotent. */
  close(): Promise<void>
}

interface Answer {
  status: number
  type: string
  body: string
}

const KNOWN = ['worker', 'metrics', 'port', 'host', 'signal'] as const
const JSON_TYPE = 'application/json; charset=utf-8'
const TEXT_TYPE = 'text/plain; charset=utf-8'
/** Nobody who looks at metrics needs longer to say so. */
const REQUEST_TIMEOUT_MS = 10_000
/** For answers under way when the server is closed. */
const GRACE_MS = 1_000
const CODES: Readonly<Record<string, PackedErrorCode>> = {
  EADDRINUSE: 'Conflict',
  EACCES: 'PermissionDenied',
  EADDRNOTAVAIL: 'InvalidArgument',
  ENOTFOUND: 'InvalidArgument',
}

/**
 * Serve what a worker is doing over HTTP: `GET /metrics` for Prometheus, `/healthz` (200 while it
 * runs, else 503 with the reason), `/status` as JSON with every digit of its numbers.
 *
 * The server does not keep the process alive, and ends with the worker: the first request that
 * finds the worker closed is the last.
 *
 * @throws PackedError InvalidArgument, Conflict (the port is taken), PermissionDenied.
 */
export async function serveWorker(options: ServeWorkerOptions): Promise<WorkerServer> {
  const given = expectObject(options, 'serveWorker')
  expectKnownKeys(given, KNOWN, 'serveWorker')
  const port = expectInteger(given.port, 'port', { max: 65_535 })
  const host = given.host === undefined ? '127.0.0.1' : expectText(given.host, 'host')
  const signal = expectSignal(given.signal, 'signal')
  expectObject(given.worker, 'worker')
  expectObject(given.metrics, 'metrics')
  signal?.throwIfAborted()
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    // What is sent with a request is not read; it must not keep the connection.
    request.resume()
    void respond(options, `${request.method}`, request.url ?? '/', response).then(() => {
      if (options.worker.status().state === 'closed') void close()
    })
  })
  server.on('connection', (socket) => socket.unref())
  await listen(server, port, host)
  server.unref()
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= new Promise((resolve) => {
      unfollow()
      server.close(() => resolve())
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), GRACE_MS).unref()
    })
    return closing
  }
  const unfollow = follow(signal, () => void close())
  const { port: bound, family } = server.address() as AddressInfo
  const url = `http://${family === 'IPv6' ? `[${host}]` : host}:${bound}`
  return { port: bound, url, close, [Symbol.asyncDispose]: close }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `Expected a free port for ${host}:${port} but received ${cause.message}`
      reject(new PackedError(CODES[cause.code ?? ''] ?? 'StorageIO', message, { cause }))
    })
    server.listen(port, host, resolve)
  })
}

async function respond(
  { worker, metrics }: ServeWorkerOptions,
  method: string,
  url: string,
  response: ServerResponse,
): Promise<void> {
  const { status, type, body } = await answer(worker, metrics, method, url).catch(failed)
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
  })
  response.end(method === 'HEAD' ? undefined : body)
}

async function answer(
  worker: ServedWorker,
  metrics: PrometheusMeter,
  method: string,
  url: string,
): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return text(405, 'Expected GET or HEAD')
  const [path] = url.split('?')
  if (path === '/metrics') {
    return { status: 200, type: metrics.contentType, body: await metrics.page() }
  }
  if (path === '/healthz') return healthOf(worker.status())
  if (path === '/status') {
    const body = `${stringifyExact(plainStatus(worker.status()), 2)}\n`
    return { status: 200, type: JSON_TYPE, body }
  }
  return text(404, 'Expected /metrics, /healthz or /status')
}

function healthOf({ state, lastError }: WorkerStatus): Answer {
  if (state === 'running') return text(200, 'running')
  return text(503, lastError === undefined ? state : `${state}: ${reasonOf(lastError)}`)
}

function reasonOf(error: Error): string {
  return isPackedError(error) ? `${error.code}: ${error.message}` : error.message
}

/** A status for JSON: an error is its code and message. */
export function plainStatus(status: WorkerStatus): Record<string, unknown> {
  const { lastError, ...rest } = status
  if (lastError === undefined) return rest
  const code = isPackedError(lastError) ? lastError.code : 'Internal'
  return { ...rest, lastError: { code, message: lastError.message } }
}

function text(status: number, line: string): Answer {
  return { status, type: TEXT_TYPE, body: `${line}\n` }
}

function failed(error: unknown): Answer {
  return text(500, error instanceof Error ? error.message : String(error))
}
