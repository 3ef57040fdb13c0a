/** Random schemas, nulls, slices, batch sizes and groups: files read equal here and in pyarrow. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RecordBatch, type Schema, Table, tableToIPC } from 'apache-arrow'
import fc from 'fast-check'
import { PackedReader, PackedWriter } from '../../lib/index.js'
import { arbitraryGroups, arbitrarySchema } from '../support/arbitrary-schema.js'
import { firstDifference } from '../support/canonical.js'
import { describeWithPyarrow, Oracle } from '../support/python.js'
import { Random } from '../support/random.cjs'
import { randomBatch } from '../support/random-table.js'
import { temporaryDirectory } from '../support/temporary.js'

const CASES = 320
const SEED = Number(process.env.ARROW_PACKED_SEED ?? 20240229)

interface Case {
  schema: Schema
  /** Group of each column. */
  groups: number[]
  seed: number
  /** Rows before the first that is written, so that everything written is a slice. */
  skipped: number
  /** Rows of each batch written. */
  batches: number[]
  writer: { rowGroupBytes: number; bufferBytes: number; concurrency: number; copy: boolean }
  layout: 'milvus' | 'fast'
  codec: 'zstd' | 'snappy' | 'gzip' | 'lz4' | 'brotli' | 'uncompressed'
  /** Whether dense vectors go through the codec or are stored. */
  vectors: 'always' | 'stored'
  reader: { bufferBytes: number; batchRows: number; mmap: boolean; copy: boolean }
}

const arbitraryCase: fc.Arbitrary<Case> = arbitrarySchema.chain((schema) =>
  fc.record({
    schema: fc.constant(schema),
    groups: arbitraryGroups(schema.fields.length),
    seed: fc.nat(),
    skipped: fc.integer({ min: 0, max: 17 }),
    batches: fc.array(fc.integer({ min: 0, max: 90 }), { maxLength: 5 }),
    writer: fc.record({
      rowGroupBytes: fc.constantFrom(1, 500, 4096, 1 << 20),
      bufferBytes: fc.constantFrom(0, 1, 2048, 1 << 20),
      concurrency: fc.constantFrom(0, 1),
      copy: fc.boolean(),
    }),
    layout: fc.constantFrom('milvus', 'fast'),
    vectors: fc.constantFrom('always', 'stored'),
    codec: fc.constantFrom('zstd', 'snappy', 'gzip', 'lz4', 'brotli', 'uncompressed'),
    reader: fc.record({
      bufferBytes: fc.constantFrom(0, 1, 4096),
      batchRows: fc.constantFrom(1, 7, 64, 8192),
      mmap: fc.boolean(),
      copy: fc.boolean(),
    }),
  }),
)

function groupSpecs({ schema, groups }: Case, directory: string) {
  return [...new Set(groups)].map((group) => ({
    id: group,
    path: join(directory, String(group)),
    fields: schema.fields.filter((_, index) => groups[index] === group).map(({ name }) => name),
  }))
}

async function writeCase(one: Case, whole: RecordBatch, directory: string): Promise<string[]> {
  const groups = groupSpecs(one, directory)
  const writer = await PackedWriter.open({
    schema: one.schema,
    groups,
    layout: one.layout,
    compression: one.codec,
    vectors: one.vectors,
    ...one.writer,
  })
  try {
    let from = one.skipped
    for (const rows of one.batches) {
      await writer.write(whole.slice(from, from + rows))
      from += rows
    }
    await writer.finish()
  } finally {
    await writer.close()
  }
  return groups.map(({ path }) => path)
}

async function expectSameHere(one: Case, whole: RecordBatch, paths: string[]): Promise<number> {
  const reader = await PackedReader.open({ paths, schema: one.schema, ...one.reader })
  let row = one.skipped
  for await (const batch of reader) {
    one.schema.fields.forEach(({ name, type }, index) => {
      const column = batch.getChildAt(index)!
      expect(`${name}: ${column.type}`).toBe(`${name}: ${type}`)
      const difference = firstDifference(whole.getChildAt(index)!, row, column)
      expect(difference === null ? null : `${name} ${type} from ${row}: ${difference}`).toBeNull()
    })
    row += batch.numRows
  }
  return row - one.skipped
}

describeWithPyarrow('random tables', () => {
  const directory = temporaryDirectory('property')
  const oracle = new Oracle()
  afterAll(() => oracle.close())
  let run = 0

  async function checkCase(one: Case): Promise<void> {
    run += 1
    const home = join(directory, String(run))
    const rows = one.batches.reduce((sum, n) => sum + n, 0)
    const whole = randomBatch(one.schema, one.skipped + rows + 3, new Random(one.seed))
    const paths = await writeCase(one, whole, home)
    expect(await expectSameHere(one, whole, paths)).toBe(rows)
    const ipc = join(home, 'original.arrows')
    writeFileSync(ipc, tableToIPC(new Table([whole]), 'stream'))
    const request = { ipc, offset: one.skipped, rows, paths }
    expect(await oracle.ask('sameAsIpc', request)).toEqual([])
  }

  test(`${CASES} of them read equal in pyarrow and here (seed ${SEED})`, async () => {
    await fc.assert(fc.asyncProperty(arbitraryCase, checkCase), { numRuns: CASES, seed: SEED })
    expect(run).toBeGreaterThanOrEqual(CASES)
  }, 180_000)
})
