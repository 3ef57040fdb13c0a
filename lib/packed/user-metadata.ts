import { expectObject, expectText, unexpected } from '../config/index.js'
import { COMPRESSION_KEY } from './writer-compression.js'

/** A Map by what it does: one of another realm is a Map too. */
function isMapLike(value: object): value is ReadonlyMap<unknown, unknown> {
  return Object.prototype.toString.call(value) === '[object Map]'
}

/** Keys and values of the option `userMetadata`, one after the other. @throws PackedError. */
export function resolveUserMetadata(value: unknown): string[] {
  if (value === undefined) return []
  const object = expectObject(value, 'userMetadata')
  const entries: [unknown, unknown][] = isMapLike(object) ? [...object] : Object.entries(object)
  return entries.flatMap(([key, text]) => {
    const name = expectText(key, 'a key of userMetadata')
    if (name === COMPRESSION_KEY) throw unexpected('no key of the writer', 'userMetadata', name)
    if (typeof text === 'string') return [name, text]
    throw unexpected('a string', `userMetadata.${name}`, text)
  })
}
