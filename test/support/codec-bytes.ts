/** Bytes to compress: text of few words, and noise; the same for the same arguments. */

function* randomOf(seed: number): Generator<number, never> {
  let state = seed >>> 0 || 1
  for (;;) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    yield state >>> 0
  }
}

export function wordsOf(bytes: number, seed = 1): Uint8Array {
  const random = randomOf(seed)
  const text = Buffer.alloc(bytes)
  for (let at = 0; at < bytes; ) at += text.write(`word${random.next().value % 997} `, at) || 1
  return Uint8Array.from(text)
}

export function noiseOf(bytes: number, seed = 1): Uint8Array {
  const random = randomOf(seed)
  return Uint8Array.from({ length: bytes }, () => random.next().value & 255)
}

/** Whether two are the same, without a message of a million lines where they are not. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

export function joinBytes(chunks: Iterable<Uint8Array>): Uint8Array {
  return Uint8Array.from(Buffer.concat([...chunks]))
}
