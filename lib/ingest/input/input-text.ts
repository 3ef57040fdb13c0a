import { PackedError } from '../../errors/index.js'

/** A line of a text, without its end (LF or CRLF). */
export interface Line {
  bytes: Buffer
  /** Bytes that it takes in its file, with its end. */
  size: number
}

const LF = 0x0a
const CR = 0x0d

/** The lines of a text; the last one may have no end. */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  // Pieces of a line that is not ended yet: joined once, however many chunks it spans.
  let open: Uint8Array[] = []
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      open.push(chunk.subarray(start, end))
      yield lineOf(open, 1)
      open = []
      start = end + 1
    }
    if (start < chunk.length) open.push(chunk.subarray(start))
  }
  if (open.length > 0) yield lineOf(open, 0)
}

function lineOf(pieces: readonly Uint8Array[], endBytes: number): Line {
  const [only = Buffer.alloc(0)] = pieces
  const bytes =
    pieces.length > 1
      ? Buffer.concat(pieces)
      : Buffer.from(only.buffer, only.byteOffset, only.byteLength)
  const size = bytes.length + endBytes
  return { bytes: bytes.at(-1) === CR ? bytes.subarray(0, -1) : bytes, size }
}

/** Bytes as they are, once it is certain that they are UTF-8. */
export async function* expectUtf8(
  bytes: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const chunk of bytes) {
    checked(() => decoder.decode(chunk, { stream: true }), path)
    yield chunk
  }
  checked(() => decoder.decode(), path)
}

/** Reads text that has to be UTF-8: other bytes are an error, not a replacement character. */
export class TextReader {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

  /** @throws PackedError InvalidData, naming `place`. */
  read(bytes: Uint8Array, place: string): string {
    return checked(() => this.#decoder.decode(bytes), place)
  }
}

function checked(decode: () => string, place: string): string {
  try {
    return decode()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error
    const message = `Expected UTF-8 in ${place} but received other bytes`
    throw new PackedError('InvalidData', message, { cause: error })
  }
}
