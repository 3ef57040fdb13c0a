import { type InspectOptions, inspect } from 'node:util'
import { expectObject } from './expect.js'
import { isSecretKey } from './storage-keys.js'

const HIDDEN = '***'

/**
 * A storage configuration as it may be printed: secrets are `***`, a function is named as one.
 *
 * @throws PackedError InvalidArgument.
 */
export function describeStorage(config: object): Record<string, unknown> {
  expectObject(config, 'config')
  return Object.fromEntries(
    Object.entries(config)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => {
        if (isSecretKey(key)) return [key, HIDDEN]
        if (typeof value === 'function') return [key, 'a function']
        return [key, key === 'address' ? withoutUser(value) : value]
      }),
  )
}

/** An address of the caller that was not checked yet may name a user with a password. */
function withoutUser(address: unknown): unknown {
  return typeof address === 'string' ? address.replace(/[^/]*@/, `${HIDDEN}@`) : address
}

const CONCEALING = Object.create(Object.prototype, {
  toJSON: {
    value(this: object): unknown {
      return describeStorage(this)
    },
  },
  [inspect.custom]: {
    value(this: object, _depth: number, options: InspectOptions): string {
      return inspect(describeStorage(this), options)
    },
  },
}) as object

/** A copy whose secrets `util.inspect` and `JSON.stringify` do not show; a copy of it does. */
export function hideSecrets<T extends object>(config: T): T {
  return Object.assign(Object.create(CONCEALING) as T, config)
}
