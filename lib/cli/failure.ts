import { isPackedError, PackedError, type PackedErrorCode } from '../errors/index.js'

/** A command line that cannot be meant: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  /** Lines that show where, for below the message. */
  readonly excerpt: string

  constructor(message: string, excerpt = '') {
    super(message)
    this.excerpt = excerpt
  }
}

/** The result of `read`, whose InvalidArgument is about the command line. */
export function asUsage<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!isPackedError(error) || error.code !== 'InvalidArgument') throw error
    throw new UsageError(error.message)
  }
}

const CODES: Readonly<Record<string, PackedErrorCode>> = {
  ENOENT: 'NotFound',
  ENOTDIR: 'NotFound',
  EACCES: 'PermissionDenied',
  EPERM: 'PermissionDenied',
  EROFS: 'PermissionDenied',
  EEXIST: 'AlreadyExists',
  ENOSPC: 'NoSpace',
  EDQUOT: 'NoSpace',
  EFBIG: 'NoSpace',
}

/** Any thrown value as a PackedError; errors of Node's file system keep their meaning. */
export function toPackedError(thrown: unknown): PackedError {
  if (thrown instanceof PackedError) return thrown
  if (!(thrown instanceof Error)) return new PackedError('Internal', String(thrown))
  const { code, path } = thrown as NodeJS.ErrnoException
  if (thrown.name === 'AbortError') return new PackedError('Aborted', 'interrupted')
  const isErrno = typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)
  const kind = isErrno ? (CODES[code] ?? 'StorageIO') : 'Internal'
  return new PackedError(kind, thrown.message, { path, cause: thrown })
}

/** The one line that an error is to a user, `packed: <code>: <message>`, and what it shows below. */
export function failureLine(thrown: unknown): string {
  const [kind, message] =
    thrown instanceof UsageError
      ? ['usage', thrown.message]
      : [toPackedError(thrown).code, toPackedError(thrown).message]
  const excerpt = thrown instanceof UsageError && thrown.excerpt !== '' ? `${thrown.excerpt}\n` : ''
  return `packed: ${kind}: ${message.replace(/\s*\n\s*/g, ' ')}\n${excerpt}`
}

export function exitCodeOf(thrown: unknown): number {
  return thrown instanceof UsageError ? 2 : 1
}
