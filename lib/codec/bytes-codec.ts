import { expectText, unexpected } from '../config/index.js'
import { Codec } from './codec.js'
import { expectBytes } from './codec-bytes.js'
import { CODEC_NAMES, type CodecName } from './codec-names.js'
import type { CompressionCall } from './compression-stats.js'

/** What the compressors need of a codec: a {@link Codec} is one, or anything of the caller's. */
export interface BytesCodec {
  /** Up to 255 letters of ASCII; how an own one is found again by what it encoded. */
  readonly name: string
  /** The result is memory of its own. `src` is lent until the promise settles. */
  encode(src: Uint8Array, options?: { signal?: AbortSignal }): Promise<Uint8Array>
  /** Rejects where `src` is more than `maxBytes` when decoded. */
  decode(src: Uint8Array, options?: BytesDecodeOptions): Promise<Uint8Array>
}

/** Bounds of one call that decodes. */
export interface BytesDecodeOptions {
  /** Most bytes that may come out; more is InvalidData. The codec's own bound by default. */
  maxBytes?: number
  /** Aborting rejects with the signal's reason; nothing comes out. */
  signal?: AbortSignal
}

/** A codec by its name, with its own defaults, or one that is made already. */
export type CodecOrName = BytesCodec | CodecName

/** What bytes are not that no codec of ours has made so, as codecs say it. */
export const DAMAGED = 'FileCorrupted'

const NAME = /^[\x21-\x7e]{1,255}$/

/** @throws PackedError InvalidArgument. */
export function resolveBytesCodec(value: unknown, name: string): BytesCodec {
  if (typeof value === 'string' && (CODEC_NAMES as readonly string[]).includes(value)) {
    return new Codec(value as CodecName)
  }
  const codec = value as Partial<BytesCodec> | null | undefined
  const works = typeof codec?.encode === 'function' && typeof codec.decode === 'function'
  if (works && NAME.test(String(codec.name))) return value as BytesCodec
  const names = CODEC_NAMES.map((known) => `'${known}'`).join(' | ')
  throw unexpected(`${names} or a codec with a name`, name, value)
}

/** Options with a signal only where there is one. */
export function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}

/** Counts calls: a `CompressionStats` or a `CompressionMonitor`. */
export interface CompressionRecorder {
  /** Count one call that has succeeded. */
  record(call: CompressionCall): void
}

/**
 * The same codec, whose calls are counted where they succeed. Times are those until the promise is
 * settled: waiting for a thread is in them.
 *
 * @param type what the bytes are, as the counts name it.
 * @throws PackedError InvalidArgument.
 */
export function measuredCodec(
  codec: CodecOrName,
  recorder: CompressionRecorder,
  type = 'bytes',
): BytesCodec {
  const inner = resolveBytesCodec(codec, 'codec')
  expectText(type, 'type')
  if (typeof recorder?.record !== 'function') {
    throw unexpected('a CompressionStats or CompressionMonitor', 'recorder', recorder)
  }
  const { name } = inner
  return {
    name,
    async encode(src, options) {
      const originalBytes = expectBytes(src, 'src').byteLength
      const started = performance.now()
      const encoded = await inner.encode(src, options)
      const durationMs = performance.now() - started
      const compressedBytes = encoded.byteLength
      const amounts = { originalBytes, compressedBytes, durationMs }
      recorder.record({ way: 'compress', codec: name, type, ...amounts })
      return encoded
    },
    async decode(src, options) {
      const compressedBytes = expectBytes(src, 'src').byteLength
      const started = performance.now()
      const decoded = await inner.decode(src, options)
      const durationMs = performance.now() - started
      const originalBytes = decoded.byteLength
      const amounts = { originalBytes, compressedBytes, durationMs }
      recorder.record({ way: 'decompress', codec: name, type, ...amounts })
      return decoded
    },
  }
}
