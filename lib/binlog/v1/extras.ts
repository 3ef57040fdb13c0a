import {
  describeValue,
  expectBoolean,
  expectInteger,
  expectText,
  parseExact,
  stringifyExact,
} from '../../config/index.js'
import { PackedError } from '../../errors/index.js'

/** The `version` of a delete log with a column of keys and one of timestamps. */
export const MULTI_FIELD = 'MULTI_FIELD'

/** What the descriptor of a binlog says beside its fixed part. */
export interface BinlogExtras {
  /** Decoded bytes of the rows (`original_size`). */
  originalSize: number
  /** Absent in files of writers that did not know nulls. */
  nullable?: boolean
  /** `'MULTI_FIELD'` in a delete log with two columns. */
  version?: string
  /** Everything after the descriptor is ciphertext. */
  encryption?: BinlogEncryption
}

/** Which key a binlog was encrypted with. */
export interface BinlogEncryption {
  /** The data key, encrypted by the key of the zone. */
  edek: string
  /** Encryption zone: the id of the key's owner. */
  zone: bigint
}

/** The JSON of extras, keys sorted as Go prints a map. @throws PackedError InvalidArgument. */
export function encodeExtras(extras: BinlogExtras): Uint8Array {
  const { encryption, nullable, version } = extras
  const size = expectInteger(extras.originalSize, 'originalSize')
  return new TextEncoder().encode(
    stringifyExact({
      edek: encryption?.edek,
      encryption_zone: encryption?.zone,
      nullable: nullable === undefined ? undefined : expectBoolean(nullable, 'nullable', false),
      original_size: String(size),
      version: version === undefined ? undefined : expectText(version, 'version'),
    }),
  )
}

/**
 * Extras from their JSON; what is not known is ignored.
 *
 * @throws PackedError FileCorrupted naming the key: no JSON, `original_size` missing or anything
 *   but decimal text, `nullable` not a boolean, half an encryption.
 */
export function decodeExtras(bytes: Uint8Array, path: string): BinlogExtras {
  const values = parsedObject(bytes, path)
  const take = <T>(key: string, expected: string, isRight: (value: unknown) => value is T) => {
    const value = values[key]
    if (value === undefined || value === null) return undefined
    if (isRight(value)) return value
    throw malformed(expected, key, value, path)
  }
  const size = take('original_size', 'a decimal integer as text', isCountText)
  if (size === undefined) {
    throw malformed('a decimal integer as text', 'original_size', undefined, path)
  }
  const nullable = take('nullable', 'a boolean', (value) => typeof value === 'boolean')
  const version = take('version', 'a string', (value) => typeof value === 'string')
  const edek = take('edek', 'a string', (value) => typeof value === 'string')
  const zone = take('encryption_zone', 'an integer', isInteger)
  if (edek === undefined && zone !== undefined) throw malformed('a string', 'edek', edek, path)
  if (edek !== undefined && zone === undefined) {
    throw malformed('an integer', 'encryption_zone', zone, path)
  }
  return {
    originalSize: Number(size),
    ...(nullable === undefined ? {} : { nullable }),
    ...(version === undefined ? {} : { version }),
    ...(edek === undefined || zone === undefined
      ? {}
      : { encryption: { edek, zone: BigInt(zone) } }),
  }
}

function parsedObject(bytes: Uint8Array, path: string): Record<string, unknown> {
  let value: unknown
  try {
    value = parseExact(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new PackedError(
      'FileCorrupted',
      `Expected JSON for the extras of "${path}" but received ${(cause as Error).message}`,
      { path, cause },
    )
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>
  }
  throw new PackedError(
    'FileCorrupted',
    `Expected an object for the extras of "${path}" but received ${describeValue(value)}`,
    { path },
  )
}

function isCountText(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,16}$/.test(value) && Number.isSafeInteger(+value)
}

function isInteger(value: unknown): value is number | bigint {
  return typeof value === 'bigint' || Number.isSafeInteger(value)
}

function malformed(expected: string, key: string, value: unknown, path: string): PackedError {
  return new PackedError(
    'FileCorrupted',
    `Expected ${expected} for "${key}" in the extras of "${path}" but received ${describeValue(value)}`,
    { path },
  )
}
