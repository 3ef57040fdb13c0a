import { isPackedError, PackedError, type PackedErrorCode } from '../errors/index.js'
import { DeadlineExceeded } from './deadline.js'

/** What every object store means by a status, where its own error code does not say more. */
const CODES: Readonly<Record<number, PackedErrorCode>> = {
  401: 'PermissionDenied',
  403: 'PermissionDenied',
  404: 'NotFound',
  408: 'Timeout',
  409: 'Conflict',
  412: 'PreconditionFailed',
  416: 'InvalidArgument',
  429: 'Throttled',
  503: 'Throttled',
  504: 'Timeout',
  507: 'NoSpace',
}

const NETWORK =
  /^(?:ECONN(?:REFUSED|RESET|ABORTED)|EPIPE|ENOTFOUND|EAI_AGAIN|EHOST(?:UNREACH|DOWN)|ENET(?:UNREACH|DOWN)|EPROTO|CERT_|ERR_TLS|ERR_SSL|UNABLE_TO|DEPTH_ZERO_SELF|SELF_SIGNED)/

/** The facts of a failed request, whichever SDK threw it. */
export interface HttpFailure {
  /** HTTP status; absent where no answer came. */
  status?: number | undefined
  /** The store's error code, or Node's. */
  code?: string | undefined
  requestId?: string | undefined
  message: string
}

/** The class of a failure that a table of the provider has no entry for. */
export function codeOfFailure({ status, code }: HttpFailure): PackedErrorCode {
  const known = status === undefined ? undefined : CODES[status]
  if (known !== undefined) return known
  if (status !== undefined) return status < 500 ? 'InvalidArgument' : 'StorageIO'
  if (code === 'ETIMEDOUT' || code === 'ESOCKETTIMEDOUT') return 'Timeout'
  return code !== undefined && NETWORK.test(code) ? 'Network' : 'StorageIO'
}

/** What is kept of a failure as the cause: never headers, URLs or bodies, which may be signed. */
export class StorageCause extends Error {
  override readonly name = 'StorageCause'
  readonly code: string | undefined
  readonly status: number | undefined
  readonly requestId: string | undefined

  constructor({ code, status, requestId, message }: HttpFailure) {
    super(message)
    this.code = code
    this.status = status
    this.requestId = requestId
    Reflect.deleteProperty(this, 'stack')
  }
}

/** A PackedError for a failed operation on `key`; aborts and our own errors pass as they are. */
export function storeError(
  thrown: unknown,
  key: string,
  describe: (thrown: unknown) => HttpFailure & { kind?: PackedErrorCode | undefined },
): unknown {
  if (isPackedError(thrown)) return thrown
  if (thrown instanceof DeadlineExceeded) {
    return new PackedError('Timeout', `${thrown.message} for "${key}"`, { path: key })
  }
  const failure = describe(thrown)
  const code = failure.kind ?? codeOfFailure(failure)
  const said = [failure.code, failure.status, failure.message.split('\n')[0]]
    .filter((part) => part !== undefined && part !== '')
    .join(' ')
  return new PackedError(code, `Expected "${key}" to be accessible but received ${said}`, {
    path: key,
    cause: new StorageCause(failure),
  })
}
