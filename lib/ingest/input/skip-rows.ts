import type { InputBatch } from './input.js'

/** The batches behind row `after`; the one that it is in loses its first rows. */
export async function* skipRows(
  batches: AsyncIterable<InputBatch>,
  after: number,
): AsyncGenerator<InputBatch> {
  for await (const input of batches) {
    const { batch, sequence, bytes } = input
    const wanted = Math.min(Number(sequence) - after, batch.numRows)
    if (wanted <= 0) input.release()
    else if (wanted === batch.numRows) yield input
    else {
      const rest = batch.slice(batch.numRows - wanted)
      yield { ...input, batch: rest, bytes: Math.ceil((bytes * wanted) / batch.numRows) }
    }
  }
}
