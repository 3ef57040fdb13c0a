import type { ContainerClient, RequestPolicyFactory } from '@azure/storage-blob'
import { expectText, type StorageConfig, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { StorageMeter } from '../telemetry/index.js'
import type { HttpFailure } from './http-failure.js'
import { HTTP_DEFAULTS } from './http-limits.js'

const FIRST_DELAY_MS = 100
const MOST_DELAY_MS = 5000

/** The package is a peer: only who uses Azure has to install it. */
async function loadSdk(): Promise<typeof import('@azure/storage-blob')> {
  try {
    return await import('@azure/storage-blob')
  } catch (error) {
    throw new PackedError(
      'NotSupported',
      'Expected the package @azure/storage-blob for cloudProvider azure but it is not installed',
      { cause: error },
    )
  }
}

/**
 * Where an account answers: `host:port` of an emulator or gateway takes the account as first part
 * of the path, a domain suffix (`core.windows.net`, the default) gets it in front.
 */
export function azureEndpoint(config: StorageConfig): string {
  const account = expectText(config.accessKeyId, 'storage.accessKeyId')
  const address = config.address ?? 'core.windows.net'
  const [, scheme, host] = /^(?:(https?):\/\/)?([^/]+)\/?$/.exec(address) ?? []
  if (host === undefined) throw unexpected('host:port or a URL', 'storage.address', address)
  if (!/:\d+$/.test(host)) return `https://${account}.blob.${host}`
  return `${scheme ?? (config.useSsl ? 'https' : 'http')}://${host}/${account}`
}

/** Counts every attempt, retries included: the SDK puts it behind its retry policy. */
function counting(meter: StorageMeter): RequestPolicyFactory {
  const seen = new WeakSet<object>()
  return {
    create: (next) => ({
      sendRequest: async (request) => {
        const retry = seen.has(request)
        seen.add(request)
        const started = performance.now()
        try {
          const response = await next.sendRequest(request)
          meter.request(performance.now() - started, { failed: response.status >= 400, retry })
          return response
        } catch (error) {
          meter.request(performance.now() - started, { failed: true, retry })
          throw error
        }
      },
    }),
  }
}

/**
 * A client of the container that the configuration names; no request is made yet.
 *
 * Its retries go on for as long as the operation's own deadline lets them.
 */
export async function azureContainer(
  config: StorageConfig,
  meter: StorageMeter,
): Promise<ContainerClient> {
  const endpoint = azureEndpoint(config)
  const container = expectText(config.bucketName, 'storage.bucketName')
  const account = expectText(config.accessKeyId, 'storage.accessKeyId')
  const key = expectText(config.secretAccessKey, 'storage.secretAccessKey')
  const sdk = await loadSdk()
  const { requestTimeoutMs, retryTimeoutMs } = { ...HTTP_DEFAULTS, ...config }
  const pipeline = sdk.newPipeline(new sdk.StorageSharedKeyCredential(account, key), {
    retryOptions: {
      maxTries: Math.ceil(retryTimeoutMs / FIRST_DELAY_MS),
      // Of a whole attempt with its body: the SDK knows no time of silence.
      tryTimeoutInMs: Math.max(requestTimeoutMs, Math.min(retryTimeoutMs, 6 * requestTimeoutMs)),
      retryDelayInMs: FIRST_DELAY_MS,
      maxRetryDelayInMs: MOST_DELAY_MS,
    },
  })
  pipeline.factories.push(counting(meter))
  return new sdk.BlobServiceClient(endpoint, pipeline).getContainerClient(container)
}

/** The facts of a RestError. */
export function azureFailure(thrown: unknown): HttpFailure {
  const { statusCode, code, message, details } = (thrown ?? {}) as {
    statusCode?: number
    code?: string
    message?: string
    details?: { errorCode?: string; requestId?: string }
  }
  return {
    status: statusCode,
    code: details?.errorCode ?? code,
    requestId: details?.requestId,
    message: message ?? String(thrown),
  }
}
