import { expectKnownKeys, expectObject, expectOneOf, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { NativeEncryption } from '../native/index.js'

/**
 * `'AES_GCM_V1'` authenticates everything. `'AES_GCM_CTR_V1'` is a little faster and leaves the
 * data pages unauthenticated: damage in them may go unnoticed.
 */
export type EncryptionAlgorithm = 'AES_GCM_V1' | 'AES_GCM_CTR_V1'

/**
 * Parquet modular encryption of every file of a writer, with one key for footers and columns.
 *
 * Nothing of the data, the schema or the footer keys is in the clear. An encrypted file has at
 * most 32,767 row groups, and as many columns and pages of a column chunk.
 */
export interface PackedEncryption {
  /** AES key of 16, 24 or 32 bytes. Copied; may be wiped once `PackedWriter.open` has settled. */
  key: Uint8Array
  /**
   * Finds the key again: stored in the clear in every file and handed to the reader's
   * `keyRetriever`. At least one byte; a string is stored as UTF-8.
   */
  keyMetadata: Uint8Array | string
  /** `'AES_GCM_V1'` by default, which is what Milvus writes. */
  algorithm?: EncryptionAlgorithm
}

const KEY_BYTES: readonly number[] = [16, 24, 32]

/** Bytes by what they are: a Uint8Array of another realm is one too. */
export function isBytes(value: unknown): value is Uint8Array {
  return Object.prototype.toString.call(value) === '[object Uint8Array]'
}

/**
 * An AES key. Whatever else was received is told by its type or length alone: it may be a key in
 * another form.
 *
 * @throws PackedError InvalidArgument.
 */
export function expectKey(value: unknown, name: string, path?: string): Uint8Array {
  if (isBytes(value) && KEY_BYTES.includes(value.length)) return value
  const received = isBytes(value) ? `${value.length} bytes` : `a value of type ${typeof value}`
  throw new PackedError(
    'InvalidArgument',
    `Expected a Uint8Array of 16, 24 or 32 bytes for ${name} but received ${received}`,
    { path },
  )
}

/**
 * An object that has a key in it. Of anything else only the type is told.
 *
 * @throws PackedError InvalidArgument.
 */
export function expectKeyed(
  value: unknown,
  name: string,
  known: readonly string[],
): Record<string, unknown> {
  if (typeof value !== 'object') {
    const message = `Expected an object for ${name} but received a value of type ${typeof value}`
    throw new PackedError('InvalidArgument', message)
  }
  const object = expectObject(value, name)
  expectKnownKeys(object, known, name)
  return object
}

/**
 * Check the option `encryption` of a writer.
 *
 * @throws PackedError InvalidArgument, without the key in its message.
 */
export function resolveEncryption(value: unknown): NativeEncryption | undefined {
  if (value === undefined) return undefined
  const options = expectKeyed(value, 'encryption', ['key', 'keyMetadata', 'algorithm'])
  const { keyMetadata } = options
  const metadata = typeof keyMetadata === 'string' ? Buffer.from(keyMetadata) : keyMetadata
  if (!isBytes(metadata) || metadata.length === 0) {
    throw unexpected('a Uint8Array or string that is not empty', 'encryption.keyMetadata', metadata)
  }
  return {
    key: expectKey(options.key, 'encryption.key'),
    keyMetadata: metadata,
    algorithm: expectOneOf(
      options.algorithm,
      'encryption.algorithm',
      ['AES_GCM_V1', 'AES_GCM_CTR_V1'],
      'AES_GCM_V1',
    ),
  }
}
