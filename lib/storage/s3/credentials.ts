import type { StorageConfig, StorageCredentials } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import { StorageCause } from '../http-failure.js'
import { describeS3Failure } from './failure.js'

/** How long before their end credentials are asked for again: so much, or a fifth of their life. */
const REFRESH_BEFORE_MS = 300_000
const SHORT_LIFE_PARTS = 5
/** How long credentials that were just asked for again are not doubted. */
const RENEW_PAUSE_MS = 10_000
const SESSION_SECONDS = 900

type Source = () => Promise<StorageCredentials>

/**
 * The credentials of one client: asked for once for all who need them at the same time, and again
 * shortly before they end. What is at hand is used for as long as it is valid.
 */
export class S3Credentials {
  readonly #source: Source
  readonly #fixed: boolean
  #last: StorageCredentials | undefined
  #askedMs = 0
  #renewedMs = 0
  #pending: Promise<StorageCredentials> | undefined

  private constructor(source: Source, fixed: boolean) {
    this.#source = source
    this.#fixed = fixed
  }

  /** @throws PackedError NotSupported for a role of another provider than AWS. */
  static async of(config: StorageConfig): Promise<S3Credentials> {
    const { credentials, roleArn, useIam } = config
    if (roleArn !== undefined) return new S3Credentials(await roleSource(config), false)
    if (credentials !== undefined) return new S3Credentials(callerSource(credentials), false)
    const keys = keysOf(config)
    if (keys !== undefined && !useIam) return new S3Credentials(async () => keys, true)
    return new S3Credentials(await chainSource(config), false)
  }

  /** @throws PackedError PermissionDenied, or what kept the answer away. */
  async get(): Promise<StorageCredentials> {
    const last = this.#last
    if (last !== undefined && !this.#isAging(last)) return last
    try {
      return await this.#ask()
    } catch (error) {
      if (last?.expiration !== undefined && last.expiration.getTime() > Date.now()) return last
      throw error
    }
  }

  /** Ask again after the store refused `used`; false where nothing else can come of it. */
  async renew(used: string): Promise<boolean> {
    if (this.#fixed) return false
    // Another request of the same client may have renewed them meanwhile.
    if (this.#last !== undefined && this.#last.accessKeyId !== used) return true
    if (Date.now() - this.#renewedMs < RENEW_PAUSE_MS) return false
    this.#renewedMs = Date.now()
    return (await this.#ask()).accessKeyId !== used
  }

  #isAging({ expiration }: StorageCredentials): boolean {
    if (expiration === undefined) return false
    const lifeMs = expiration.getTime() - this.#askedMs
    const aheadMs = Math.min(REFRESH_BEFORE_MS, lifeMs / SHORT_LIFE_PARTS)
    return Date.now() >= expiration.getTime() - aheadMs
  }

  #ask(): Promise<StorageCredentials> {
    this.#pending ??= this.#refresh().finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  async #refresh(): Promise<StorageCredentials> {
    this.#askedMs = Date.now()
    const given = await this.#source().catch((error: unknown) => {
      throw noCredentials(error)
    })
    for (const name of ['accessKeyId', 'secretAccessKey'] as const) {
      if (typeof given?.[name] === 'string' && given[name] !== '') continue
      const expected = `Expected ${name} from the credentials of the storage but received none`
      throw new PackedError('PermissionDenied', expected)
    }
    this.#last = given
    return given
  }
}

/** The text of a caller's own error is not repeated: nobody knows what is in it. */
function noCredentials(thrown: unknown): PackedError {
  const { kind, again, status, code, requestId, message } = describeS3Failure(thrown)
  const said = code === 'CredentialsProviderError' ? message : `${code ?? 'an error'}`
  return new PackedError(
    again ? kind : 'PermissionDenied',
    `Expected credentials for the storage but received ${said}`,
    { cause: new StorageCause({ status, code, requestId, message: said }) },
  )
}

function keysOf(config: StorageConfig): StorageCredentials | undefined {
  const { accessKeyId, secretAccessKey, sessionToken } = config
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  const keys = { accessKeyId, secretAccessKey }
  return sessionToken === undefined ? keys : { ...keys, sessionToken }
}

/** Also where the caller's function throws at once instead of rejecting. */
function callerSource(credentials: Source): Source {
  return async () => credentials()
}

/**
 * Credentials of the environment: of AWS with those of the machine or pod where `useIam` asks for
 * them. Elsewhere nobody answers at the address of AWS's metadata service, and asking takes
 * seconds.
 */
async function chainSource({ useIam, cloudProvider, region }: StorageConfig): Promise<Source> {
  const { createCredentialChain, fromEnv, fromIni, fromNodeProviderChain, fromTokenFile } =
    await import('@aws-sdk/credential-providers')
  if (useIam && (cloudProvider ?? 'aws') === 'aws') {
    return fromNodeProviderChain(region === undefined ? {} : { clientConfig: { region } })
  }
  const known = [fromEnv(), fromIni()]
  return createCredentialChain(...(useIam ? [...known, fromTokenFile()] : known))
}

async function roleSource(config: StorageConfig): Promise<Source> {
  const { cloudProvider = 'aws', roleArn, sessionName, externalId, iamEndpoint } = config
  if (cloudProvider !== 'aws') {
    throw new PackedError(
      'NotSupported',
      `Expected cloudProvider 'aws' for storage.roleArn but received '${cloudProvider}'`,
    )
  }
  const { fromTemporaryCredentials } = await import('@aws-sdk/credential-providers')
  return fromTemporaryCredentials({
    masterCredentials: keysOf(config) ?? (await chainSource(config)),
    params: {
      RoleArn: roleArn,
      RoleSessionName: sessionName ?? 'arrow-packed',
      DurationSeconds: config.loadFrequencyS ?? SESSION_SECONDS,
      ...(externalId === undefined ? {} : { ExternalId: externalId }),
    },
    clientConfig: {
      region: config.region ?? 'us-east-1',
      ...(iamEndpoint === undefined ? {} : { endpoint: urlOf(iamEndpoint) }),
    },
  })
}

function urlOf(endpoint: string): string {
  return /^https?:\/\//.test(endpoint) ? endpoint : `https://${endpoint}`
}
