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
] as const

/** What went wrong, as one word to branch on. */
export type PackedErrorCode = (typeof PACKED_ERROR_CODES)[number]

const RETRYABLE: ReadonlySet<PackedErrorCode> = new Set(['NoSpace', 'StorageIO', 'OutOfMemory'])
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

  /**
   * Make an error from what the addon reported.
   *
   * @param callSite holds the stack of the call that started the operation (captured before the
   *   hop to another thread, where that stack is lost).
   */
  static fromNative(native: PackedErrorInit, callSite?: { stack?: string }): PackedError {
    const code = KNOWN.has(native.code) ? (native.code as PackedErrorCode) : 'Internal'
    const error = new PackedError(code, native.message, { path: native.path, field: native.field })
    const frames = callSite?.stack?.split('\n').slice(1).join('\n')
    if (frames) error.stack = `${error.name}: ${error.message}\n${frames}`
    return error
  }

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
