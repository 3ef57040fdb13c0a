const MIB = 1 << 20

/** Bytes that tell where in the stream they are. */
export function* pattern(bytes: number, step = MIB): Generator<Uint8Array> {
  for (let at = 0; at < bytes; at += step) {
    const chunk = new Uint8Array(Math.min(step, bytes - at))
    new DataView(chunk.buffer).setUint32(0, at)
    yield chunk.fill((at / step) % 251, 4)
  }
}

export function patternAt(bytes: number): Uint8Array {
  return Buffer.concat([...pattern(bytes)])
}

export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** What a promise is rejected with. */
export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => error,
  )
}
