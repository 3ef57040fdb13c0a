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

/**
 * True for the key of an object below a root: empty parts are the store's own, one at the end is
 * a marker of a folder.
 */
export function isObjectKey(key: string): boolean {
  const parts = key.split('/')
  return parts.at(-1) !== '' && parts.every((part) => part === '' || isKeyPart(part))
}

/**
 * Check the key of an object in a store. A slash in front is dropped, empty parts further on stay;
 * otherwise as {@link checkKey}.
 *
 * @throws PackedError InvalidArgument.
 */
export function checkObjectKey(key: unknown): string {
  const relative = typeof key === 'string' ? key.replace(/^\//, '') : ''
  if (isObjectKey(relative)) return relative
  throw unexpected("a key without '..', '.', backslashes, NUL and a '/' at its end", 'path', key)
}

/** Check a prefix of keys in a store, as {@link checkObjectKey}. @throws InvalidArgument. */
export function checkObjectPrefix(prefix: unknown): string {
  const relative = typeof prefix === 'string' ? prefix.replace(/^\//, '') : prefix
  if (relative === '') return relative
  checkObjectKey(typeof relative === 'string' ? relative.replace(/\/+$/, '') : relative)
  return relative as string
}
