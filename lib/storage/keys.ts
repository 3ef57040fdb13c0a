import { unexpected } from '../config/index.js'

/**
 * True for parts that a key may have. A backslash is a separator elsewhere; an object of such a
 * name would leave the root on another machine.
 */
export function isKeyPart(part: string): boolean {
  return part !== '' && part !== '.' && part !== '..' && !/[\0\\]/.test(part)
}

/**
 * Check a key: relative, `/`-separated, without empty, `.` and `..` parts, backslashes and NUL.
 *
 * @throws PackedError InvalidArgument.
 */
export function checkKey(key: unknown): string {
  if (typeof key === 'string' && key.split('/').every(isKeyPart)) return key
  throw unexpected("a relative key without '..', '.', empty parts and backslashes", 'path', key)
}

/**
 * Check a prefix: a key, the beginning of one, a folder with its `/`, or nothing at all.
 *
 * @throws PackedError InvalidArgument.
 */
export function checkPrefix(prefix: unknown): string {
  if (prefix === '') return prefix
  checkKey(typeof prefix === 'string' ? prefix.replace(/\/$/, '') : prefix)
  return prefix as string
}
