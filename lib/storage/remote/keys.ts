import { isPackedError, PackedError } from '../../errors/index.js'
import { checkObjectKey, checkObjectPrefix } from '../keys.js'

/** Keys below a root as callers give them, and as whole keys in the bucket. */
export class RemoteKeys {
  /** Without a `/` at its ends. */
  readonly root: string

  /** @throws PackedError InvalidArgument. */
  constructor(root: string) {
    this.root = checkObjectPrefix(root.replace(/^\/+|\/+$/g, ''))
  }

  /** @throws PackedError InvalidArgument. */
  whole(path: string): string {
    return this.#below(checkObjectKey(path))
  }

  /** @throws PackedError InvalidArgument. */
  wholePrefix(prefix: string): string {
    return this.#below(checkObjectPrefix(prefix))
  }

  relative(key: string): string {
    const prefix = this.#below('')
    return key.startsWith(prefix) ? key.slice(prefix.length) : key
  }

  /** A failure of the store in the terms of the caller, who gave `paths`. */
  named(error: unknown, ...paths: string[]): unknown {
    if (!isPackedError(error) || error.path === undefined) return error
    const { code, path: key, field, cause } = error
    const path = paths.find((given) => given === key || this.wholePrefix(given) === key)
    const name = path ?? this.relative(key)
    if (name === key) return error
    const message = error.message.replaceAll(`"${key}"`, `"${name}"`)
    return new PackedError(code, message, { path: name, field, cause })
  }

  #below(path: string): string {
    return this.root === '' ? path : `${this.root}/${path}`
  }
}
