/** pyarrow decodes vectors of codes as we do, bit by bit, by what the footer says. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { PackedReader, vectorsOf } from '../../lib/index.js'
import { describeWithPyarrow, Oracle } from '../support/python.js'
import { BOUND, vectorBatch, writeQuantized } from '../support/quantized.js'
import { temporaryDirectory } from '../support/temporary.js'

interface Answer {
  field: { name: string; maxError: number }
  rows: number
  sha256: string
}

/** Rows that are no nulls, and a digest of their numbers. */
async function decodedBy(paths: string[], name: string) {
  const hash = createHash('sha256')
  const reader = await PackedReader.open({ paths })
  let count = 0
  for await (const batch of reader) {
    const { data, dim, rows, validity } = vectorsOf(batch, name, { element: 'float32' })
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    for (let row = 0; row < rows; row++) {
      if (validity !== null && ((validity[row >> 3]! >> (row & 7)) & 1) === 0) continue
      hash.update(bytes.subarray(row * dim * 4, (row + 1) * dim * 4))
      count++
    }
  }
  await reader.close()
  return { rows: count, sha256: hash.digest('hex') }
}

describeWithPyarrow('quantized vectors', () => {
  const home = temporaryDirectory('interop-quantized')
  const oracle = new Oracle()
  afterAll(() => oracle.close())

  test.each(['milvus', 'fast'] as const)('of layout %s are decoded alike', async (layout) => {
    const { paths, quantized } = await writeQuantized([vectorBatch(2000)], {
      directory: join(home, layout),
      layout,
    })
    const answers = await oracle.ask<Answer[]>('dequantize', { paths })
    expect(answers.map(({ field }) => field.name)).toEqual(['a_int8', 'b_int8'])
    for (const [i, { field, rows, sha256 }] of answers.entries()) {
      expect({ rows, sha256 }).toEqual(await decodedBy(paths, field.name))
      expect(field.maxError).toBe(quantized![i]!.maxError)
      expect(field.maxError).toBeLessThan((BOUND / 127) * 0.501)
    }
  })
})
