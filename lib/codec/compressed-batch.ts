import { expectInteger, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import {
  type BytesCodec,
  type CodecOrName,
  DAMAGED,
  resolveBytesCodec,
  withSignal,
} from './bytes-codec.js'
import { expectBytes } from './codec-bytes.js'
import { DEFAULT_MAX_BYTES } from './codec-options.js'
import { compressionRatio } from './compression-stats.js'

/**
 * Little-endian: `APKB`, version 1, a byte with the length of the codec's name, the name in ASCII,
 * the number of items as uint32; of each item its bytes compressed and original as uint32; then the
 * items, compressed one by one.
 */
const MAGIC = 0x424b5041
const VERSION = 1
const COUNT_BYTES = 4
const ENTRY_BYTES = 8
/** Of magic, version and length of the name. */
const FIXED_BYTES = 6

/** Put items that are compressed into one piece. */
export function batchBytes(
  codec: string,
  items: readonly { original: number; encoded: Uint8Array }[],
): Uint8Array {
  const index = FIXED_BYTES + codec.length + COUNT_BYTES
  const begin = index + items.length * ENTRY_BYTES
  const total = items.reduce((sum, { encoded }) => sum + encoded.byteLength, begin)
  const bytes = new Uint8Array(total)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC, true)
  view.setUint8(4, VERSION)
  view.setUint8(5, codec.length)
  bytes.set(Buffer.from(codec, 'ascii'), FIXED_BYTES)
  view.setUint32(index - COUNT_BYTES, items.length, true)
  let offset = begin
  for (const [i, { original, encoded }] of items.entries()) {
    view.setUint32(index + i * ENTRY_BYTES, encoded.byteLength, true)
    view.setUint32(index + i * ENTRY_BYTES + 4, original, true)
    bytes.set(encoded, offset)
    offset += encoded.byteLength
  }
  return bytes
}

interface Item {
  offset: number
  encodedBytes: number
  originalBytes: number
}

function damaged(expected: string, received: string): PackedError {
  return new PackedError(DAMAGED, `Expected ${expected} for a batch but received ${received}`)
}

/** The index, checked against what is there. */
function readIndex(bytes: Uint8Array): { codec: string; items: Item[] } {
  const size = bytes.byteLength
  const view = new DataView(bytes.buffer, bytes.byteOffset, size)
  if (size < FIXED_BYTES || view.getUint32(0, true) !== MAGIC) {
    throw damaged('its magic', size < FIXED_BYTES ? `${size} bytes` : 'other bytes')
  }
  if (view.getUint8(4) !== VERSION) throw damaged(`version ${VERSION}`, `${view.getUint8(4)}`)
  const nameEnd = FIXED_BYTES + view.getUint8(5)
  const index = nameEnd + COUNT_BYTES
  if (index > size) throw damaged(`at least ${index} bytes`, `${size}`)
  const codec = Buffer.from(bytes.subarray(FIXED_BYTES, nameEnd)).toString('latin1')
  const count = view.getUint32(nameEnd, true)
  let offset = index + count * ENTRY_BYTES
  if (offset > size) throw damaged(`an index of ${count} items`, `${size - index} bytes`)
  const items: Item[] = []
  for (let at = index; items.length < count; at += ENTRY_BYTES) {
    const encodedBytes = view.getUint32(at, true)
    const originalBytes = view.getUint32(at + 4, true)
    if (originalBytes > DEFAULT_MAX_BYTES)
      throw damaged('items of at most 1 GiB', `${originalBytes}`)
    items.push({ offset, encodedBytes, originalBytes })
    offset += encodedBytes
  }
  if (offset !== size) throw damaged(`${offset} bytes, as its index says,`, `${size}`)
  return { codec, items }
}

/**
 * Items that were compressed together and are decoded one by one: only the index is read before.
 *
 * @example
 * const batch = CompressedBatch.open(bytes)
 * const seventh = await batch.item(6)
 */
export class CompressedBatch {
  /** Everything, the index included: what {@link CompressedBatch.open} takes. */
  readonly bytes: Uint8Array
  /** Name of the codec. */
  readonly codec: string
  /** Number of items. */
  readonly length: number
  /** Bytes of all items before compression. */
  readonly originalBytes: number
  readonly #codec: BytesCodec
  readonly #items: readonly Item[]

  private constructor(bytes: Uint8Array, codec: BytesCodec, items: readonly Item[]) {
    this.bytes = bytes
    this.codec = codec.name
    this.length = items.length
    this.originalBytes = items.reduce((sum, item) => sum + item.originalBytes, 0)
    this.#codec = codec
    this.#items = items
  }

  /**
   * @param bytes of a batch that was flushed; kept, and to be left alone.
   * @param options `codec` where it is one of the caller's, or has a dictionary: it must have the
   *   name that the batch says.
   * @throws PackedError InvalidArgument, Detached, FileCorrupted; NotSupported for a codec that
   *   nobody knows.
   */
  static open(bytes: Uint8Array, options: { codec?: CodecOrName } = {}): CompressedBatch {
    const { codec, items } = readIndex(expectBytes(bytes, 'bytes'))
    return new CompressedBatch(bytes, codecNamed(codec, options.codec), items)
  }

  /** Compressed over original bytes, the index included; 0 for no input. */
  get ratio(): number {
    return compressionRatio(this.originalBytes, this.bytes.byteLength)
  }

  /** Bytes of an item before compression. */
  itemBytes(index: number): number {
    return this.#itemAt(index).originalBytes
  }

  /**
   * Decode one item.
   *
   * @throws PackedError InvalidArgument (no such item), FileCorrupted; what the codec throws.
   */
  async item(index: number, { signal }: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    const { offset, encodedBytes, originalBytes } = this.#itemAt(index)
    expectBytes(this.bytes, 'bytes')
    const encoded = this.bytes.subarray(offset, offset + encodedBytes)
    // Not 0, which is no limit that codecs take.
    const maxBytes = Math.max(1, originalBytes)
    const decoded = await this.#codec.decode(encoded, { maxBytes, ...withSignal(signal) })
    if (decoded.byteLength === originalBytes) return decoded
    throw damaged(`${originalBytes} bytes of item ${index}`, `${decoded.byteLength}`)
  }

  /** All items, one after the other. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    for (let i = 0; i < this.length; i++) yield await this.item(i)
  }

  #itemAt(index: number): Item {
    const item = this.#items[expectInteger(index, 'index')]
    if (item === undefined) throw unexpected(`an item below ${this.length}`, 'index', index)
    return item
  }
}

function codecNamed(name: string, given: CodecOrName | undefined): BytesCodec {
  if (given !== undefined) {
    const codec = resolveBytesCodec(given, 'codec')
    if (codec.name === name) return codec
    throw unexpected(`the codec ${name}, which made the batch,`, 'codec', codec.name)
  }
  try {
    return resolveBytesCodec(name, 'codec')
  } catch (cause) {
    const message = `Expected a codec of this library for a batch but received "${name}"; give it to open`
    throw new PackedError('NotSupported', message, { cause })
  }
}
