import type { Transform } from 'node:stream'
import { expectInteger, expectOneOf, unexpected } from '../config/index.js'
import { isPackedError } from '../errors/index.js'
import { type CodecHandle, callAsync, callSync, withAbort } from '../native/index.js'
import { expectSource } from './codec-bytes.js'
import { CODEC_NAMES, type CodecName, expectLevel } from './codec-names.js'
import {
  type CallSettings,
  type CodecOptions,
  type CodecReaderOptions,
  type CodecSettings,
  type CodecWriterOptions,
  type DecodeOptions,
  type EncodeOptions,
  resolveCall,
  resolveCodecOptions,
  resolveReaderOptions,
  resolveTrainedBytes,
  resolveWriterOptions,
  type TrainedCodecOptions,
} from './codec-options.js'
import { CodecTransform } from './codec-transform.js'
import { trainDictionary } from './compression-dictionary.js'
import { ZstdWriter } from './zstd-writer.js'

/** Below, the way to another thread takes longer than the work. */
const SYNC_BYTES = 16 * 2 ** 10
/** The same where every byte takes ten times as long. */
const SLOW_SYNC_BYTES = 2 * 2 ** 10
/** Above, levels are slow in that sense. */
const FAST_LEVELS: Readonly<Record<CodecName, number>> = {
  zstd: 9,
  lz4: 9,
  gzip: 6,
  brotli: 4,
  snappy: 0,
}
/** Decoded on the JS thread at most, whatever `src` is. */
const SYNC_DECODED_BYTES = 256 * 2 ** 10

const SYNC_ENCODE_KEYS = ['dst']
const ENCODE_KEYS = ['dst', 'signal']
const SYNC_DECODE_KEYS = ['dst', 'maxBytes']
const DECODE_KEYS = ['dst', 'maxBytes', 'signal']

/**
 * Compresses and decompresses bytes, over native code: zstd, lz4 (the frame format), gzip, snappy
 * (a block at once, the framing format in streams) and brotli. What it writes, the command-line
 * tools of the formats read, and the other way round.
 *
 * An encoded zstd or lz4 frame has its size and a checksum, gzip and snappy streams have a checksum
 * as well; brotli and blocks of snappy have none: damage may go unnoticed there.
 *
 * Has no state: calls may overlap, and there is nothing to close.
 *
 * @example
 * const codec = new Codec('zstd', { level: 9 })
 * const bytes = await codec.encode(Buffer.from('text'))
 * Buffer.from(await codec.decode(bytes)).toString() // 'text'
 */
export class Codec {
  readonly name: CodecName
  /** Of `encode` and `newWriter`; undefined: the codec has none (snappy). */
  readonly level: number | undefined
  readonly #handle: CodecHandle
  readonly #settings: CodecSettings
  readonly #readerBytes: number

  /** @throws PackedError InvalidArgument: names, levels and sizes, with what they may be. */
  constructor(name: CodecName, options: CodecOptions = {}) {
    this.name = expectOneOf(name, 'codec', CODEC_NAMES)
    this.#settings = resolveCodecOptions(this.name, options)
    this.level = this.#settings.level
    this.#readerBytes =
      options.maxBytes === undefined ? Number.MAX_SAFE_INTEGER : this.#settings.maxBytes
    const { dictionary } = this.#settings
    this.#handle = callSync((addon) => addon.codecNew(this.name, dictionary))
  }

  /**
   * A codec of zstd for small records, with a dictionary of `config.compression.dictBytes` (64 KiB
   * by default) that is trained on samples of them; without one where the configuration has 0.
   *
   * @param samples as of `trainDictionary`, which says when they are too few; not looked at for 0.
   * @throws PackedError InvalidArgument, NotSupported, Detached, OutOfMemory.
   */
  static async trained(
    samples: readonly Uint8Array[],
    options: TrainedCodecOptions = {},
  ): Promise<Codec> {
    const dictBytes = resolveTrainedBytes(options)
    const codec = new Codec('zstd', options)
    if (dictBytes === 0) return codec
    return new Codec('zstd', {
      ...options,
      dictionary: await trainDictionary(samples, { dictBytes }),
    })
  }

  /**
   * Compress to one frame, also no bytes at all. On this thread where there are few bytes.
   *
   * @param src lent until the promise settles, as `dst` is.
   * @returns new memory, or the part of `dst` that was written.
   * @throws PackedError InvalidArgument (`dst` too small: the message has both sizes), Detached,
   *   OutOfMemory; the signal's reason when aborted, within a MiB or so (snappy has one step,
   *   which is done to its end).
   */
  async encode(src: Uint8Array, options: EncodeOptions = {}): Promise<Uint8Array> {
    return this.#encode(src, this.level, options)
  }

  /** `encode` at another level. @throws PackedError InvalidArgument that states the range. */
  async encodeLevel(
    src: Uint8Array,
    level: number,
    options: EncodeOptions = {},
  ): Promise<Uint8Array> {
    return this.#encode(src, this.#expectLevel(level), options)
  }

  /** `encode` on this thread, however long that takes. */
  encodeSync(src: Uint8Array, options: Omit<EncodeOptions, 'signal'> = {}): Uint8Array {
    return this.#encodeSync(src, this.level, options)
  }

  /** `encodeLevel` on this thread. */
  encodeLevelSync(
    src: Uint8Array,
    level: number,
    options: Omit<EncodeOptions, 'signal'> = {},
  ): Uint8Array {
    return this.#encodeSync(src, this.#expectLevel(level), options)
  }

  /**
   * Decompress all frames that `src` holds (of brotli and snappy there is one).
   *
   * @returns new memory, or the part of `dst` that was written.
   * @throws PackedError FileCorrupted: damaged, cut short, of another format, followed by anything
   *   else, or no bytes; InvalidData: more than `maxBytes`; InvalidArgument: `dst` too small (the
   *   message has both sizes), or made with another dictionary; Detached; OutOfMemory; the signal's
   *   reason.
   */
  async decode(src: Uint8Array, options: DecodeOptions = {}): Promise<Uint8Array> {
    const bytes = expectSource(src, 'src')
    const call = resolveCall(options, bytes, DECODE_KEYS, this.#settings.maxBytes)
    call.signal?.throwIfAborted()
    if (bytes.length <= SYNC_BYTES) {
      const few = this.#decodeFew(bytes, call)
      if (few !== undefined) return few
    }
    const { dst, maxBytes, signal } = call
    const result = await withAbort(signal, (flag) =>
      callAsync<Uint8Array | number>((addon, done) =>
        addon.codecDecode(this.#handle, maxBytes, bytes, dst, flag, done),
      ),
    )
    return resultOf(result, dst)
  }

  /** `decode` on this thread. */
  decodeSync(src: Uint8Array, options: Omit<DecodeOptions, 'signal'> = {}): Uint8Array {
    const bytes = expectSource(src, 'src')
    const call = resolveCall(options, bytes, SYNC_DECODE_KEYS, this.#settings.maxBytes)
    return this.#decodeNow(bytes, call)
  }

  /**
   * The most bytes that `encode` makes of so many: for zstd, its formula.
   *
   * @throws PackedError InvalidArgument.
   */
  compressBound(bytes: number): number {
    const count = expectInteger(bytes, 'bytes')
    return callSync((addon) => addon.codecBound(this.#handle, count))
  }

  /**
   * A stream that decompresses any number of frames (of brotli one), in bounded memory. Errors as
   * `decode`; destroying it ends what it does.
   *
   * @throws PackedError InvalidArgument.
   */
  newReader(options: CodecReaderOptions = {}): Transform {
    const maxBytes = resolveReaderOptions(options, this.#readerBytes)
    return new CodecTransform((addon, flag) => addon.codecReaderNew(this.#handle, maxBytes, flag))
  }

  /**
   * A stream that compresses. With zstd every block of `blockBytes` is a frame of its own, and
   * `concurrency` of them are compressed at the same time; with the others it is one frame.
   *
   * @throws PackedError InvalidArgument.
   */
  newWriter(options: CodecWriterOptions = {}): Transform {
    return this.#newWriter(this.level, options)
  }

  /** `newWriter` at another level. @throws PackedError InvalidArgument that states the range. */
  newWriterLevel(level: number, options: CodecWriterOptions = {}): Transform {
    return this.#newWriter(this.#expectLevel(level), options)
  }

  #newWriter(level: number | undefined, options: CodecWriterOptions): Transform {
    const settings = resolveWriterOptions(options, this.#settings)
    const native = level ?? null
    if (this.name !== 'zstd') {
      return new CodecTransform((addon, flag) =>
        addon.codecWriterNew(this.#handle, native, settings.blockBytes, flag),
      )
    }
    return new ZstdWriter(settings, (block, flag) =>
      callAsync<Uint8Array | number>((addon, done) =>
        addon.codecEncode(this.#handle, native, block, null, flag, done),
      ),
    )
  }

  #expectLevel(level: unknown): number | undefined {
    if (level !== undefined) return expectLevel(this.name, level)
    throw unexpected(`a level of ${this.name}`, 'level', level)
  }

  async #encode(
    src: Uint8Array,
    level: number | undefined,
    options: EncodeOptions,
  ): Promise<Uint8Array> {
    const bytes = expectSource(src, 'src')
    const { dst, signal } = resolveCall(options, bytes, ENCODE_KEYS, 0)
    signal?.throwIfAborted()
    const slow = level !== undefined && level > FAST_LEVELS[this.name]
    if (bytes.length <= (slow ? SLOW_SYNC_BYTES : SYNC_BYTES)) {
      return this.#encodeNow(bytes, level, dst)
    }
    const result = await withAbort(signal, (flag) =>
      callAsync<Uint8Array | number>((addon, done) =>
        addon.codecEncode(this.#handle, level ?? null, bytes, dst, flag, done),
      ),
    )
    return resultOf(result, dst)
  }

  #encodeSync(src: Uint8Array, level: number | undefined, options: EncodeOptions): Uint8Array {
    const bytes = expectSource(src, 'src')
    const { dst } = resolveCall(options, bytes, SYNC_ENCODE_KEYS, 0)
    return this.#encodeNow(bytes, level, dst)
  }

  #encodeNow(src: Uint8Array, level: number | undefined, dst: Uint8Array | null): Uint8Array {
    const handle = this.#handle
    return resultOf(
      callSync((addon) => addon.codecEncodeSync(handle, level ?? null, src, dst)),
      dst,
    )
  }

  #decodeNow(src: Uint8Array, { dst, maxBytes }: CallSettings): Uint8Array {
    const handle = this.#handle
    return resultOf(
      callSync((addon) => addon.codecDecodeSync(handle, maxBytes, src, dst)),
      dst,
    )
  }

  /** Decoded on this thread, unless few bytes become many. */
  #decodeFew(src: Uint8Array, call: CallSettings): Uint8Array | undefined {
    const maxBytes = Math.min(call.maxBytes, SYNC_DECODED_BYTES)
    try {
      return this.#decodeNow(src, { ...call, maxBytes })
    } catch (error) {
      const many = isPackedError(error) && error.code === 'InvalidData'
      if (many && maxBytes < call.maxBytes) return undefined
      throw error
    }
  }
}

/** A number is how much of `dst` was written. */
function resultOf(result: Uint8Array | number, dst: Uint8Array | null): Uint8Array {
  return typeof result === 'number' ? dst!.subarray(0, result) : result
}
