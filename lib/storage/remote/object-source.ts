import { Readable } from 'node:stream'
import { follow } from '../on-abort.js'

/** Chunks as a stream, read when they are asked for; an aborted signal destroys it. */
export function sourceStream(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Readable {
  const stream = Readable.from(chunks, { objectMode: false })
  const unlink = follow(signal, (reason) => stream.destroy(reason))
  stream.once('close', unlink)
  return stream
}
