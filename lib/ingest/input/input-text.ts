import { PackedError } from '../../errors/index.js'

/** Bytes as text; anything that is not UTF-8 is an error, not a replacement character. */
export async function* decodeText(
  bytes: AsyncIterable<Uint8Array>,
  path: string,
): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const chunk of bytes) yield decoder.decode(chunk, { stream: true })
    yield decoder.decode()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw error
    const message = `Expected UTF-8 in ${path} but received other bytes`
    throw new PackedError('InvalidData', message, { path, cause: error })
  }
}

/** The lines of a text without their ends (LF or CRLF). */
export async function* splitLines(text: AsyncIterable<string>): AsyncGenerator<string> {
  const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line)
  // Pieces of a line that is not ended yet: joined once, however many chunks it spans.
  let open: string[] = []
  for await (const chunk of text) {
    let start = 0
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      open.push(chunk.slice(start, end))
      yield withoutReturn(open.join(''))
      open = []
      start = end + 1
    }
    if (start < chunk.length) open.push(chunk.slice(start))
  }
  if (open.length > 0) yield withoutReturn(open.join(''))
}
