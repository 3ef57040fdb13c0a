import { expectBytes } from '../codec/index.js'
import { expectId } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { expectKey, expectKeyed, isBytes, type PackedEncryption } from './encryption.js'

const KNOWN = ['key', 'keyMetadata', 'encryptionZone', 'collectionId']

/** What Milvus hands to its packed writer when a collection is in an encryption zone. */
export interface PluginContext {
  /** The data key itself, 16, 24 or 32 bytes: what the cipher plugin's encryptor has. */
  key: Uint8Array
  /** The data key as the cipher plugin encrypted it (its `edek`); empty by default. */
  keyMetadata?: string | Uint8Array
  encryptionZone: number | bigint
  /** 0 by default. */
  collectionId?: number | bigint
}

/** Key metadata of a file that Milvus encrypted, in its parts. */
export interface MilvusKeyMetadata {
  encryptionZone: bigint
  collectionId: bigint
  /** The encrypted data key, for the cipher plugin or key service. */
  keyMetadata: Uint8Array
}

/**
 * The `encryption` of a packed writer that stands for a plugin context.
 *
 * Confirmed by Milvus's public sources (`packed_writer_c.cpp`, `KeyRetriever.cpp`): AES_GCM_V1
 * with one footer key, the plugin's data key, and the key metadata
 * `<encryption zone>_<collection>_<edek>`, numbers in decimal. Not public, and so not confirmed:
 * the cipher plugin that turns the `encryption_key` of a StoragePluginContext into that data key
 * and its edek. Whoever holds the plugin calls it and passes both here.
 *
 * @throws PackedError InvalidArgument, without the key in its message.
 */
export function encryptionOf(context: PluginContext): PackedEncryption {
  const parts = expectKeyed(context, 'pluginContext', KNOWN)
  const zone = expectId(parts.encryptionZone, 'pluginContext.encryptionZone')
  const collection = expectId(parts.collectionId ?? 0n, 'pluginContext.collectionId')
  const wrapped = parts.keyMetadata ?? ''
  if (typeof wrapped !== 'string' && !isBytes(wrapped)) {
    throw new PackedError(
      'InvalidArgument',
      'Expected a Uint8Array or string for pluginContext.keyMetadata but received ' +
        `a value of type ${typeof wrapped}`,
    )
  }
  return {
    key: expectKey(parts.key, 'pluginContext.key'),
    keyMetadata: Buffer.concat([Buffer.from(`${zone}_${collection}_`), Buffer.from(wrapped)]),
    algorithm: 'AES_GCM_V1',
  }
}

/**
 * The parts of key metadata that `encryptionOf`, or Milvus, made: what a `keyRetriever` over
 * Milvus's files starts with.
 *
 * @throws PackedError InvalidData when the bytes do not start as `<zone>_<collection>_`.
 */
export function parseKeyMetadata(bytes: Uint8Array): MilvusKeyMetadata {
  const text = Buffer.from(expectBytes(bytes, 'bytes')).toString('latin1')
  const [prefix, zone, collection] = /^(\d{1,19})_(\d{1,19})_/.exec(text) ?? []
  if (prefix === undefined) {
    throw new PackedError(
      'InvalidData',
      'Expected <encryption zone>_<collection>_<key> for key metadata of Milvus but received ' +
        `${bytes.length} other bytes`,
    )
  }
  return {
    encryptionZone: BigInt(zone!),
    collectionId: BigInt(collection!),
    keyMetadata: bytes.slice(prefix.length),
  }
}
