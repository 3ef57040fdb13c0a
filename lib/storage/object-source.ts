import { Readable } from 'node:stream'

/** Chunks as a stream, read when they are asked for; an aborted signal destroys it. */
export function sourceStream(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Readable {
  const stream = Readable.from(chunks, { objectMode: false })
  const abort = (): void => void stream.destroy(signal?.reason)
  if (signal?.aborted) abort()
  else signal?.addEventListener('abort', abort, { once: true })
  stream.once('close', () => signal?.removeEventListener('abort', abort))
  return stream
}
