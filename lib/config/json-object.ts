import { PackedError } from '../errors/index.js'
import { expectObject } from './expect.js'

/**
 * The object that a JSON text holds, or one that was parsed already.
 *
 * @throws PackedError InvalidArgument. Neither the error of JSON.parse nor this one quotes the
 * text: it may be a secret.
 */
export function jsonObject(json: unknown, name: string): Record<string, unknown> {
  if (typeof json !== 'string') return expectObject(json, name)
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    // As any other text that is no object.
  }
  throw new PackedError(
    'InvalidArgument',
    `Expected a JSON object for ${name} but received other text`,
  )
}
