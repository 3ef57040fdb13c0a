import { types } from 'node:util'
import {
  DEFAULT_COMPRESSION_CONFIG,
  expectInteger,
  expectKnownKeys,
  expectObject,
  unexpected,
} from '../config/index.js'
import { type CodecDictionaryHandle, callAsync, callSync } from '../native/index.js'
import { expectSource } from './codec-bytes.js'

/** ZSTD's trainer makes none smaller. */
const LEAST_BYTES = 256
const MOST_BYTES = 2 ** 20
/** What the trainer counts with. */
const MOST_SAMPLES = 2 ** 24

let handleOf: (dictionary: CompressionDictionary) => CodecDictionaryHandle

/**
 * A trained dictionary of ZSTD: what many small records have in common. Frames name it by its id;
 * they decode with this dictionary alone.
 *
 * @example
 * const dictionary = await trainDictionary(records)
 * const codec = new Codec('zstd', { dictionary })
 */
export class CompressionDictionary {
  /** What frames name it by; never 0. */
  readonly id: number
  readonly #bytes: Uint8Array
  readonly #handle: CodecDictionaryHandle

  static {
    handleOf = (dictionary) => dictionary.#handle
  }

  /**
   * @param bytes what `trainDictionary` or `zstd --train` made; copied.
   * @throws PackedError InvalidArgument, FileCorrupted.
   */
  constructor(bytes: Uint8Array) {
    this.#bytes = Uint8Array.from(expectSource(bytes, 'bytes'))
    const { dictionary, id } = callSync((addon) => addon.codecDictionaryOpen(this.#bytes))
    this.#handle = dictionary
    this.id = id
  }

  /** A copy, to be kept beside what was encoded with it. */
  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }

  /** Whether `value` is of this class, as loaded here. */
  static isOurs(value: unknown): value is CompressionDictionary {
    return typeof value === 'object' && value !== null && #handle in value
  }
}

/** The native side of a dictionary of any loaded copy of this library. @throws PackedError. */
export function dictionaryHandle(value: unknown): CodecDictionaryHandle {
  if (CompressionDictionary.isOurs(value)) return handleOf(value)
  const bytes = (value as Partial<CompressionDictionary> | null)?.bytes
  if (!types.isUint8Array(bytes)) throw unexpected('a CompressionDictionary', 'dictionary', value)
  return handleOf(new CompressionDictionary(bytes))
}

/** Options of {@link trainDictionary}. */
export interface TrainDictionaryOptions {
  /** Bytes of the dictionary at most, 256 to 1 MiB; 64 KiB by default. */
  dictBytes?: number
}

/**
 * Train a dictionary of ZSTD on samples of what is to be encoded, off the JS thread. The same
 * samples give the same dictionary. It takes seconds for some 10 MiB, and is not interrupted.
 *
 * @param samples ten at least, better thousands: some 100 times `dictBytes` in all.
 * @throws PackedError InvalidArgument (also: too few samples), Detached, OutOfMemory.
 */
export async function trainDictionary(
  samples: readonly Uint8Array[],
  options: TrainDictionaryOptions = {},
): Promise<CompressionDictionary> {
  const given = expectObject(options, 'the options of trainDictionary')
  expectKnownKeys(given, ['dictBytes'], 'trainDictionary')
  const dictBytes = expectInteger(given.dictBytes, 'dictBytes', {
    min: LEAST_BYTES,
    max: MOST_BYTES,
    fallback: DEFAULT_COMPRESSION_CONFIG.compression.dictBytes,
  })
  if (!Array.isArray(samples) || samples.length > MOST_SAMPLES) {
    throw unexpected(`an array of at most ${MOST_SAMPLES} samples`, 'samples', samples)
  }
  const bytes = samples.map((sample, index) => expectSource(sample, `samples[${index}]`))
  return new CompressionDictionary(
    await callAsync((addon, done) => addon.codecDictionaryTrain(bytes, dictBytes, done)),
  )
}
