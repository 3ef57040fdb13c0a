import { PackedError, type PackedErrorInit } from '../errors/index.js'
import type { Addon, Completion } from './addon.js'
import { loadedAddon } from './native.js'

/** Where the library was called; the stack is lost on the way through another thread. */
interface CallSite {
  stack?: string
}

/** Frames of the library itself stay: they are few, and tell which call failed. */
function captureSite(above: (...args: never[]) => unknown): CallSite {
  const site: CallSite = {}
  Error.captureStackTrace(site, above)
  return site
}

function isNativeError(error: unknown): error is PackedErrorInit {
  const native = error as Partial<PackedErrorInit> | null
  return typeof native === 'object' && typeof native?.code === 'string' && !('stack' in native)
}

function toThrown(error: unknown, site: CallSite): unknown {
  return isNativeError(error) ? PackedError.fromNative(error, site) : error
}

/**
 * Call a function of the addon that answers at once.
 *
 * @throws PackedError with the caller's stack.
 */
export function callSync<T>(call: (addon: Addon) => T): T {
  const addon = loadedAddon()
  try {
    return call(addon)
  } catch (error) {
    throw toThrown(error, captureSite(callSync))
  }
}

/**
 * Call a function of the addon that ends in a Completion.
 *
 * The promise and the error are made here, in the caller's realm, with the caller's stack.
 */
export function callAsync<T>(start: (addon: Addon, done: Completion<T>) => void): Promise<T> {
  const site = captureSite(callAsync)
  return new Promise<T>((resolve, reject) => {
    const done: Completion<T> = (error, value) => {
      if (error === null) resolve(value)
      else reject(toThrown(error, site))
    }
    try {
      start(loadedAddon(), done)
    } catch (error) {
      reject(toThrown(error, site))
    }
  })
}
