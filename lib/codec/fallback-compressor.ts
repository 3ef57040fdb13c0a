import {
  expectInteger,
  expectKnownKeys,
  expectObject,
  expectOnlySignal,
  expectOptions,
  unexpected,
} from '../config/index.js'
import { isPackedError, PackedError } from '../errors/index.js'
import {
  type BytesCodec,
  type BytesDecodeOptions,
  type CodecOrName,
  resolveBytesCodec,
  withSignal,
} from './bytes-codec.js'
import { expectBytes } from './codec-bytes.js'
import { CODEC_NAMES } from './codec-names.js'
import { DEFAULT_MAX_BYTES } from './codec-options.js'
import { compressionRatio } from './compression-stats.js'
import { described, describing, STORED, STORED_OVERHEAD_BYTES } from './self-describing.js'

/** Options of {@link FallbackCompressor}. */
export interface FallbackCompressorOptions {
  /** Tried first; `'zstd'` by default. */
  codec?: CodecOrName
  /** Tried where the first fails or gains too little; `'lz4'` by default. */
  fallback?: CodecOrName
  /** Compressed over original bytes with which the first is good enough, 0 to 1; 0.9 by default. */
  ratioThreshold?: number
}

/** What {@link FallbackCompressor} made of some bytes. */
export interface FallbackResult {
  /** For `decode`; a plain frame of zstd, lz4 or gzip where that is the codec. */
  bytes: Uint8Array
  /** Name of the codec; `'stored'` where the bytes are in there as they were. */
  codec: string
  /** `bytes` over the input; 0 for no input. */
  ratio: number
  /** Why the fallback was tried: null where it was not. */
  fellBack: 'failed' | 'threshold' | null
  /** What the first codec failed with. */
  failure?: unknown
}

const KNOWN = ['codec', 'fallback', 'ratioThreshold'] as const
const RATIO_THRESHOLD = 0.9

type Attempt = { codec: string; bytes: Uint8Array } | { failure: unknown }

/**
 * Compresses with one codec, and where that fails or gains too little tries a second one and keeps
 * the smaller; where neither makes anything smaller the bytes are stored. The result tells by itself
 * which codec made it: any FallbackCompressor decodes it, and frames of zstd, lz4 and gzip of other
 * programs as well.
 *
 * @example
 * const compressor = new FallbackCompressor({ codec: new SafeCompress('zstd') })
 * const { bytes, codec, ratio } = await compressor.encode(input)
 */
export class FallbackCompressor {
  readonly #first: BytesCodec
  readonly #second: BytesCodec
  readonly #threshold: number

  /** @throws PackedError InvalidArgument. */
  constructor(options: FallbackCompressorOptions = {}) {
    const given = expectObject(options, 'FallbackCompressor')
    expectKnownKeys(given, KNOWN, 'FallbackCompressor')
    this.#first = resolveBytesCodec(given.codec ?? 'zstd', 'codec')
    this.#second = resolveBytesCodec(given.fallback ?? 'lz4', 'fallback')
    for (const { name } of [this.#first, this.#second]) {
      if (name === STORED) throw unexpected(`another name than '${STORED}'`, 'codec', name)
    }
    const threshold = given.ratioThreshold ?? RATIO_THRESHOLD
    if (typeof threshold !== 'number' || !(threshold >= 0 && threshold <= 1)) {
      throw unexpected('a ratio of 0 to 1', 'ratioThreshold', threshold)
    }
    this.#threshold = threshold
  }

  /**
   * @param src lent until the promise settles.
   * @throws PackedError InvalidArgument, Detached; where both codecs fail the code of the second,
   *   and an AggregateError of both as the cause.
   */
  async encode(src: Uint8Array, options: { signal?: AbortSignal } = {}): Promise<FallbackResult> {
    const signal = expectOnlySignal(options, 'encode')
    const originalBytes = expectBytes(src, 'src').byteLength
    const ratioOf = (bytes: Uint8Array): number => compressionRatio(originalBytes, bytes.byteLength)
    const first = await this.#try(this.#first, src, signal)
    if ('bytes' in first && ratioOf(first.bytes) <= this.#threshold) {
      return { ...first, ratio: ratioOf(first.bytes), fellBack: null }
    }
    const second = await this.#try(this.#second, src, signal)
    const { codec, bytes } = this.#smallest(src, first, second)
    const failed = 'failure' in first
    return {
      bytes,
      codec,
      ratio: ratioOf(bytes),
      fellBack: failed ? 'failed' : 'threshold',
      ...(failed ? { failure: first.failure } : {}),
    }
  }

  /**
   * @param src what any FallbackCompressor encoded, or a frame of zstd, lz4 or gzip.
   * @param options `maxBytes`: most bytes that come out; 1 GiB by default.
   * @throws PackedError InvalidArgument, Detached, FileCorrupted, InvalidData (more than
   *   `maxBytes`); NotSupported for a codec of somebody's own that this compressor does not have.
   */
  async decode(src: Uint8Array, options: BytesDecodeOptions = {}): Promise<Uint8Array> {
    const { maxBytes, signal } = expectOptions(options, ['maxBytes', 'signal'], 'decode')
    const limit = expectInteger(maxBytes, 'maxBytes', { fallback: DEFAULT_MAX_BYTES })
    const { codec, encoded } = described(expectBytes(src, 'src'))
    signal?.throwIfAborted()
    if (codec !== STORED) {
      return this.#codecOf(codec).decode(encoded, { maxBytes: limit, ...withSignal(signal) })
    }
    if (encoded.byteLength > limit) {
      const message = `Expected at most ${limit} bytes of stored content but received ${encoded.byteLength}`
      throw new PackedError('InvalidData', message)
    }
    return Uint8Array.from(encoded)
  }

  async #try(codec: BytesCodec, src: Uint8Array, signal?: AbortSignal): Promise<Attempt> {
    signal?.throwIfAborted()
    try {
      const encoded = await codec.encode(src, withSignal(signal))
      return { codec: codec.name, bytes: describing(codec.name, encoded) }
    } catch (failure) {
      signal?.throwIfAborted()
      return { failure }
    }
  }

  /** The first of several of one size. */
  #smallest(
    src: Uint8Array,
    first: Attempt,
    second: Attempt,
  ): { codec: string; bytes: Uint8Array } {
    expectBytes(src, 'src')
    const made = [first, second].flatMap((attempt) => ('bytes' in attempt ? [attempt] : []))
    const [best] = made.sort((a, b) => a.bytes.byteLength - b.bytes.byteLength)
    if (best === undefined) throw this.#failure([first, second])
    if (best.bytes.byteLength <= src.byteLength + STORED_OVERHEAD_BYTES) return best
    return { codec: STORED, bytes: describing(STORED, src) }
  }

  #failure(attempts: readonly Attempt[]): PackedError {
    const failures = attempts.flatMap((attempt) => ('failure' in attempt ? [attempt.failure] : []))
    const last = failures.at(-1)
    const names = [this.#first, this.#second].map(({ name }) => name).join(' or ')
    const message = `Expected ${names} to compress but received ${failures.length} errors: ${failures
      .map((failure) => (failure instanceof Error ? failure.message : String(failure)))
      .join('; ')}`
    const cause = new AggregateError(failures, message)
    return new PackedError(isPackedError(last) ? last.code : 'Internal', message, { cause })
  }

  #codecOf(name: string): BytesCodec {
    const own = [this.#first, this.#second].find((codec) => codec.name === name)
    if (own !== undefined) return own
    if ((CODEC_NAMES as readonly string[]).includes(name)) return resolveBytesCodec(name, 'codec')
    const message = `Expected one of this compressor's codecs for src but received "${name}"`
    throw new PackedError('NotSupported', message)
  }
}
