import { expectOnlySignal, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import {
  type BytesCodec,
  type BytesDecodeOptions,
  type CodecOrName,
  DAMAGED,
  resolveBytesCodec,
  withSignal,
} from './bytes-codec.js'
import { expectBytes } from './codec-bytes.js'

/**
 * A codec that decodes what it has encoded, and compares, before anybody gets it. That takes the
 * time of a decoding and memory for the input once more. It is a codec itself: the others take it.
 *
 * @example
 * const safe = new SafeCompress('zstd')
 * const frame = await safe.encode(bytes)
 */
export class SafeCompress implements BytesCodec {
  readonly #codec: BytesCodec

  /** @throws PackedError InvalidArgument. */
  constructor(codec: CodecOrName = 'zstd') {
    this.#codec = resolveBytesCodec(codec, 'codec')
  }

  get name(): string {
    return this.#codec.name
  }

  /**
   * Compress, and check that decompressing gives `src` back.
   *
   * @param src at least one byte, left alone until the promise settles.
   * @throws PackedError InvalidArgument (no bytes, too), Detached; FileCorrupted where something
   *   else comes back, or `src` was changed meanwhile; what the codec throws.
   */
  async encode(src: Uint8Array, options: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    const signal = expectOnlySignal(options, 'encode')
    const bytes = expectBytes(src, 'src').byteLength
    if (bytes === 0) throw unexpected('at least one byte', 'src', 0)
    const encoded = await this.#codec.encode(src, withSignal(signal))
    const decoded = await this.#decodeAgain(encoded, bytes, signal)
    expectBytes(src, 'src')
    if (Buffer.compare(src, decoded) !== 0) {
      const found = decoded.byteLength === bytes ? 'other ones' : `${decoded.byteLength} bytes`
      throw this.#mismatch(bytes, found)
    }
    return encoded
  }

  /** Decompress, as the codec does it. */
  decode(src: Uint8Array, options?: BytesDecodeOptions): Promise<Uint8Array> {
    return this.#codec.decode(src, options)
  }

  async #decodeAgain(
    encoded: Uint8Array,
    maxBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<Uint8Array> {
    try {
      return await this.#codec.decode(encoded, { maxBytes, ...withSignal(signal) })
    } catch (cause) {
      signal?.throwIfAborted()
      throw this.#mismatch(maxBytes, 'an error', cause)
    }
  }

  #mismatch(bytes: number, found: string, cause?: unknown): PackedError {
    const message = `Expected ${this.name} to give the ${bytes} bytes back but received ${found}`
    return new PackedError(DAMAGED, message, { cause })
  }
}
