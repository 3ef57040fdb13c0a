/**
 * Every code a {@link PackedError} can have: the table of `packed/error.h` without `Ok`, in its
 * order. A test compares both.
 */
export const PACKED_ERROR_CODES = [
  'InvalidArgument',
  'InvalidSchema',
  'InvalidData',
  'TypeMismatch',
  'UnsupportedType',
  'NotSupported',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'NoSpace',
  'StorageIO',
  'MetadataCorrupted',
  'FileCorrupted',
  'FileChanged',
  'Closed',
  'Aborted',
  'Detached',
  'OutOfMemory',
  'Internal',
  'Encryption',
  'Timeout',
  'Throttled',
  'Network',
  'Conflict',
  'PreconditionFailed',
  'RetriesExhausted',
] as const

/** What went wrong, as one word to branch on. */
export type PackedErrorCode = (typeof PACKED_ERROR_CODES)[number]

const RETRYABLE: ReadonlySet<PackedErrorCode> = new Set([
  'NoSpace',
  'StorageIO',
  'OutOfMemory',
  'Timeout',
  'Throttled',
  'Network',
  'Conflict',
  'RetriesExhausted',
])
const KNOWN: ReadonlySet<string> = new Set(PACKED_ERROR_CODES)

/** Shared by every loaded copy of this library (ESM and CJS, two versions, two realms). */
const BRAND = Symbol.for('arrow-packed.PackedError')

/** Where an error happened. */
export interface PackedErrorContext {
  /** File the error is about. */
  path?: string | undefined
  /** Field the error is about, nested fields dotted: `"meta.price"`. */
  field?: string | undefined
  cause?: unknown
}

/** An error as the addon reports it: a plain value, so that the error object is of this realm. */
export interface PackedErrorInit {
  code: string
  message: string
  path?: string
  field?: string
}

/** Where the library was called, before the hop to a queue or to another thread. */
export interface CallSite {
  stack?: string
}

/** The stack of whoever called `above`. */
export function captureCallSite(above: (...args: never[]) => unknown): CallSite {
  const site: CallSite = {}
  Error.captureStackTrace(site, above)
  return site
}

/** Plain form of an error, for logs. */
export interface PackedErrorJson {
  name: 'PackedError'
  code: PackedErrorCode
  message: string
  retryable: boolean
  path?: string
  field?: string
  cause?: string
}

/**
 * The one error class of this library.
 *
 * Branch on {@link PackedError.code}, never on the message. Two copies of the library do not
 * share the class: tell errors apart with {@link isPackedError} rather than `instanceof`.
 */
export class PackedError extends Error {
  override readonly name = 'PackedError'
  readonly code: PackedErrorCode
  /** True when the same call may succeed later without the caller changing anything. */
  readonly retryable: boolean
  /** File the error is about. */
  readonly path: string | undefined
  /** Field the error is about, nested fields dotted. */
  readonly field: string | undefined

  constructor(code: PackedErrorCode, message: string, context: PackedErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause })
    this.code = code
    this.retryable = RETRYABLE.has(code)
    this.path = context.path
    this.field = context.field
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** Make an error from what the addon reported. */
  static fromNative(native: PackedErrorInit, site?: CallSite): PackedError {
    const code = KNOWN.has(native.code) ? (native.code as PackedErrorCode) : 'Internal'
    const error = new PackedError(code, native.message, { path: native.path, field: native.field })
    return site === undefined ? error : error.at(site)
  }

  /** Take the stack of `site` for its own: where the caller was, not where the error was made. */
  at(site: CallSite): this {
    const frames = site.stack?.split('\n').slice(1).join('\n')
    if (frames) this.stack = `${this.name}: ${this.message}\n${frames}`
    return this
  }

  /** Plain values for logs; the cause as its message. */
  toJSON(): PackedErrorJson {
    return {
      name: this.name,
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.path === undefined ? {} : { path: this.path }),
      ...(this.field === undefined ? {} : { field: this.field }),
      ...(this.cause === undefined ? {} : { cause: String(this.cause) }),
    }
  }
}

/** True for a {@link PackedError} of any loaded copy of this library. */
export function isPackedError(value: unknown): value is PackedError {
  return typeof value === 'object' && value !== null && BRAND in value
}
