/** pyarrow decodes vectors of codes as we do, bit by bit, by what the footer says. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableToIPC } from 'apache-arrow'
import { PackedReader, vectorsOf } from '../../lib/index.js'
import { expectReadByOthers, type ReadByOthers } from '../support/other-readers.js'
import { describeWithPyarrow, Oracle } from '../support/python.js'
import { BOUND, vectorBatch, writeQuantized } from '../support/quantized.js'
import { temporaryDirectory } from '../support/temporary.js'

/** DuckDB and Polars do not read split bytes of anything but numbers. */
const PLAIN = { encoding: 'plain' } as const
const LAYOUTS = ['milvus', 'fast', 'small'] as const

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

  test.each(LAYOUTS)('of layout %s are decoded alike', async (layout) => {
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

  test('are decoded by numpy to the same bits', async () => {
    const { paths } = await writeQuantized([vectorBatch(2000)], { directory: join(home, 'numpy') })
    const answers = await oracle.ask<Answer[] | null>('dequantizeByNumpy', { paths })
    if (answers === null) {
      console.warn('omitted: vectors decoded by numpy, which is not installed')
      return
    }
    expect(answers.map(({ rows }) => rows)).toEqual([2000 - 333, 2000])
    for (const { field, rows, sha256 } of answers) {
      expect({ rows, sha256 }).toEqual(await decodedBy(paths, field.name))
    }
  })

  test('are codes and scales to DuckDB and Polars', async () => {
    const files: ReadByOthers[] = []
    for (const layout of LAYOUTS) {
      const columns = { a_int8: PLAIN, b_int8: PLAIN }
      const { groups } = await writeQuantized([vectorBatch(2000)], {
        directory: join(home, `others-${layout}`),
        layout,
        ...(layout === 'milvus' ? {} : { columns }),
      })
      for (const { path, fields } of groups) {
        const reader = await PackedReader.open({ paths: [path], quantized: 'raw' })
        const ipc = `${path}.arrows`
        writeFileSync(ipc, tableToIPC(await reader.toTable(), 'stream'))
        await reader.close()
        files.push({ name: `${fields.join()} of ${layout}`, path, ipc, columns: fields })
      }
    }
    expectReadByOthers(files)
  })
})
