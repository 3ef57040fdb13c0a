import { readFile } from 'node:fs/promises'
import { Agent } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import type { StorageConfig } from '../../config/index.js'
import { HTTP_DEFAULTS } from '../http-limits.js'
import { storageError } from '../storage-error.js'
import { S3Credentials } from './credentials.js'

const MOST_CONNECTIONS = 100
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** The SDK, loaded when the first store is opened. */
export type S3Sdk = typeof import('@aws-sdk/client-s3')

/** A client of one bucket. */
export interface S3Connection {
  sdk: S3Sdk
  client: S3Client
  credentials: S3Credentials
  bucket: string
  /** `address/bucket`; of AWS itself `bucket`. */
  name: string
  /** Every upload carries a CRC32, and whole objects are checked against theirs. */
  checksums: boolean
  /** Objects below a provider that wants MD5 where many are removed at once. */
  md5: boolean
  closeIdle(): void
}

/** Providers with a header of their own instead of `If-None-Match: *`. */
const FORBID_OVERWRITE: Readonly<Record<string, string>> = {
  aliyun: 'x-oss-forbid-overwrite',
  tencent: 'x-cos-forbid-overwrite',
}

/**
 * Make a client for a checked configuration (`checkStorageConfig`); no request is made yet.
 *
 * The SDK makes one attempt of each request: what is tried again, and for how long, is decided in
 * one place with the deadline of the whole operation (`S3Requests`).
 *
 * @throws PackedError NotFound or another class of a CA file that cannot be read.
 */
export async function connectS3(config: StorageConfig): Promise<S3Connection> {
  const { address, bucketName: bucket = '', cloudProvider = 'aws' } = config
  const [sdk, credentials, agents] = await Promise.all([
    import('@aws-sdk/client-s3'),
    S3Credentials.of(config),
    agentsOf(config),
  ])
  const checksums = (config.checksums ?? defaultChecksums(cloudProvider)) === 'whenSupported'
  const client = new sdk.S3Client({
    ...placeOf(config),
    ...checksumSettings(checksums),
    // Asked for every request: it knows itself when to ask further.
    credentials: Object.assign(() => credentials.get(), { memoized: true }),
    maxAttempts: 1,
    // A rejected upload would cost a round trip less, every other one a round trip more.
    expectContinueHeader: false,
    requestHandler: { ...agents, ...timesOf(config) },
  })
  addHeaders(client, { forbid: FORBID_OVERWRITE[cloudProvider], checksums })
  keepErrors(client)
  return {
    sdk,
    client,
    credentials,
    bucket,
    name: address === undefined ? bucket : `${address}/${bucket}`,
    checksums,
    md5: cloudProvider !== 'aws' && cloudProvider !== 'gcp',
    closeIdle: () => closeIdle([agents.httpAgent, agents.httpsAgent]),
  }
}

function defaultChecksums(cloudProvider: string): 'whenSupported' | 'whenRequired' {
  return cloudProvider === 'aws' ? 'whenSupported' : 'whenRequired'
}

function placeOf(config: StorageConfig): S3ClientConfig {
  const { address, region = 'us-east-1', useSsl, useVirtualHost } = config
  if (address === undefined) return { region, followRegionRedirects: true }
  return {
    region,
    endpoint: `${useSsl ? 'https' : 'http'}://${address}`,
    forcePathStyle: useVirtualHost !== true,
  }
}

/** Answers are checked by who reads them (`S3Body`): the SDK's other checksums are slow. */
function checksumSettings(checksums: boolean): S3ClientConfig {
  return {
    requestChecksumCalculation: checksums ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  }
}

/** A request may take as long as it gets on: both times are of silence. */
function timesOf({ requestTimeoutMs = HTTP_DEFAULTS.requestTimeoutMs }: StorageConfig) {
  return {
    connectionTimeout: requestTimeoutMs,
    socketTimeout: requestTimeoutMs,
    // When all connections are busy the SDK would say so on the console of the application.
    socketAcquisitionWarningTimeout: LONGEST_TIMER_MS,
  }
}

async function agentsOf(
  config: StorageConfig,
): Promise<{ httpAgent: Agent; httpsAgent: TlsAgent }> {
  const { sslCaCert, tlsMinVersion, maxConnections = MOST_CONNECTIONS } = config
  const pool = { keepAlive: true, maxSockets: maxConnections }
  const ca = sslCaCert === undefined ? undefined : await readCertificates(sslCaCert)
  return {
    httpAgent: new Agent(pool),
    httpsAgent: new TlsAgent({
      ...pool,
      ...(ca === undefined ? {} : { ca }),
      ...(tlsMinVersion === undefined
        ? {}
        : { minVersion: tlsMinVersion === '1.0' ? 'TLSv1' : (`TLSv${tlsMinVersion}` as const) }),
    }),
  }
}

async function readCertificates(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw storageError(error, file)
  }
}

/** What a middleware of the SDK sees of a request. */
interface Outgoing {
  headers: Record<string, string>
  body?: unknown
}

function addHeaders(
  client: S3Client,
  { forbid, checksums }: { forbid: string | undefined; checksums: boolean },
): void {
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const { headers, body } = args.request as Outgoing
        if (forbid !== undefined && headers['if-none-match'] === '*') {
          delete headers['if-none-match']
          headers[forbid] = 'true'
        }
        // The checksum protects the bytes and is signed, as Arrow's own client has it: a SHA-256
        // of every part would take most of this thread's time.
        if (checksums && ArrayBuffer.isView(body)) {
          headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD'
        }
        if (checksums && commandName === 'GetObjectCommand' && headers.range === undefined) {
          headers['x-amz-checksum-mode'] = 'ENABLED'
        }
        return next(args)
      },
    { step: 'build', name: 'arrowPackedHeaders' },
  )
}

/**
 * Errors of Node are of another realm where this library runs in a vm context; the SDK would keep
 * nothing of those but their text.
 */
function keepErrors(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        return await next(args)
      } catch (thrown) {
        if (thrown instanceof Error) throw thrown
        const { name, message, code } = (thrown ?? {}) as NodeJS.ErrnoException
        throw Object.assign(new Error(message), { name, code })
      }
    },
    { step: 'finalizeRequest', priority: 'low', name: 'arrowPackedErrors' },
  )
}

function closeIdle(agents: readonly Agent[]): void {
  for (const { freeSockets } of agents) {
    for (const socket of Object.values(freeSockets).flat()) socket?.destroy()
  }
}
