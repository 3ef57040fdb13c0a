/** The addon, loaded on first use and typed by the contract in addon.ts. */
export { AbortLink } from './abort-link.js'
export * from './addon.js'
export { callAsync, callSync } from './call.js'
export { loadedAddon } from './native.js'
export { withAbort } from './with-abort.js'
