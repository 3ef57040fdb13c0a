import type { ContainerClient, RequestPolicyFactory } from '@azure/storage-blob'
import { expectText, type StorageConfig, unexpected } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import type { StorageMeter } from '../../telemetry/index.js'
import type { HttpFailure } from '../http-failure.js'
import { HTTP_DEFAULTS } from '../http-limits.js'

const FIRST_DELAY_MS = 100
const MOST_DELAY_MS = 5000

/** Packages that only those install who use Azure. */
async function load<Module>(name: string, purpose: string): Promise<Module> {
  try {
    return (await import(name)) as Module
  } catch (error) {
    throw new PackedError(
      'NotSupported',
      `Expected the package ${name} for ${purpose} but it is not installed`,
      { cause: error },
    )
  }
}

type Sdk = typeof import('@azure/storage-blob')
type Credential = NonNullable<Parameters<Sdk['newPipeline']>[0]>

/** The key of the account, or with `useIam` what the machine, pod or command line has. */
async function credentialOf(config: StorageConfig, account: string, sdk: Sdk): Promise<Credential> {
  if (config.useIam) {
    const { DefaultAzureCredential } = await load<{
      DefaultAzureCredential: new () => Credential
    }>('@azure/identity', 'useIam with cloudProvider azure')
    return new DefaultAzureCredential()
  }
  const key = expectText(config.secretAccessKey, 'storage.secretAccessKey')
  return new sdk.StorageSharedKeyCredential(account, key)
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
  const sdk = await load<Sdk>('@azure/storage-blob', 'cloudProvider azure')
  const { requestTimeoutMs, retryTimeoutMs } = { ...HTTP_DEFAULTS, ...config }
  const pipeline = sdk.newPipeline(await credentialOf(config, account, sdk), {
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
