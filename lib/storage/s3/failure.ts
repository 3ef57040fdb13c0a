import { isPackedError, type PackedErrorCode } from '../../errors/index.js'
import { codeOfFailure, type HttpFailure } from '../http-failure.js'

/** A failed request of S3: its facts, its class, and what may be done about it. */
export interface S3Failure extends HttpFailure {
  kind: PackedErrorCode
  /** The same request may succeed without anybody changing anything. */
  again: boolean
  thrown: unknown
}

/** The names that stores give to what went wrong, where the status alone would mislead. */
const CLASSES: readonly [PackedErrorCode, readonly string[]][] = [
  ['NotFound', ['NoSuchKey', 'NotFound', 'NoSuchBucket', 'NoSuchUpload', 'NoSuchVersion']],
  [
    'PermissionDenied',
    [
      'AccessDenied',
      'AllAccessDisabled',
      'CredentialsProviderError',
      'ExpiredToken',
      'ExpiredTokenException',
      'Forbidden',
      'InvalidAccessKeyId',
      'InvalidSecurity',
      'InvalidToken',
      'RequestTimeTooSkewed',
      'SignatureDoesNotMatch',
      'TokenRefreshRequired',
      'XAdminUserNotFound',
    ],
  ],
  ['AlreadyExists', ['FileAlreadyExists', 'ObjectAlreadyExists']],
  ['Conflict', ['ConditionalRequestConflict', 'OperationAborted']],
  ['PreconditionFailed', ['PreconditionFailed']],
  [
    'Throttled',
    [
      'BandwidthLimitExceeded',
      'RequestLimitExceeded',
      'ServiceUnavailable',
      'SlowDown',
      'SlowDownRead',
      'SlowDownWrite',
      'Throttling',
      'ThrottlingException',
      'TooManyRequests',
      'TooManyRequestsException',
      'XMinioServerNotInitialized',
    ],
  ],
  ['Timeout', ['RequestTimeout', 'TimeoutError']],
  [
    'StorageIO',
    [
      'BadDigest',
      'IncompleteBody',
      'InternalError',
      'XAmzContentChecksumMismatch',
      'XAmzContentSHA256Mismatch',
    ],
  ],
  [
    'NoSpace',
    ['InsufficientStorage', 'QuotaExceeded', 'XMinioAdminBucketQuotaExceeded', 'XMinioStorageFull'],
  ],
  ['NotSupported', ['MethodNotAllowed', 'NotImplemented']],
]
const BY_NAME: ReadonlyMap<string, PackedErrorCode> = new Map(
  CLASSES.flatMap(([kind, names]) => names.map((name): [string, PackedErrorCode] => [name, kind])),
)

const AGAIN: ReadonlySet<PackedErrorCode> = new Set([
  'Conflict',
  'Network',
  'StorageIO',
  'Throttled',
  'Timeout',
])
/** A certificate or protocol that was refused once is refused for ever. */
const TLS = /^(?:CERT_|DEPTH_ZERO_SELF|EPROTO|ERR_SSL|ERR_TLS|SELF_SIGNED|UNABLE_TO)/

/** What the SDK throws, as far as it is looked at. */
interface Thrown {
  name?: string
  message?: string
  code?: unknown
  $metadata?: { httpStatusCode?: number; requestId?: string; clockSkewCorrected?: boolean }
  $response?: { statusCode?: number }
}

/** The class of what the SDK, or Node below it, threw. */
export function describeS3Failure(thrown: unknown): S3Failure {
  if (isPackedError(thrown)) {
    const { code: kind, message, retryable: again } = thrown
    return { kind, message, again, thrown }
  }
  const { name, message, code: errno, $metadata, $response } = (thrown ?? {}) as Thrown
  const status = $metadata?.httpStatusCode ?? $response?.statusCode
  const code = typeof errno === 'string' && status === undefined ? errno : name
  const facts: HttpFailure = {
    status,
    // An answer to HEAD has no text, and the SDK fills in what it is called by.
    code: code === 'Unknown' ? undefined : code,
    requestId: $metadata?.requestId?.split(',')[0],
    message: message === undefined || message === 'UnknownError' ? '' : message,
  }
  const named = status === undefined && code !== name ? undefined : BY_NAME.get(name ?? '')
  const kind = named ?? (isParse(code) ? 'Network' : codeOfFailure(facts))
  // The SDK has set its clock by the store's: the next signature is of the right time.
  const again = $metadata?.clockSkewCorrected === true || (AGAIN.has(kind) && isPassing(facts))
  return { ...facts, kind, again, thrown }
}

/** An answer that is not HTTP: cut off, or from something else than a store. */
function isParse(code: string | undefined): boolean {
  return code?.startsWith('HPE_') === true
}

/** False for what lies in this process or its configuration. */
function isPassing({ status, code }: HttpFailure): boolean {
  if (status !== undefined) return true
  return code !== undefined && code !== 'TypeError' && code !== 'Error' && !TLS.test(code)
}
