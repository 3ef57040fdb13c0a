/** Any groups, files, windows, projections and rows: what is read is what a model in memory says. */
import { join } from 'node:path'
import { Int32, Schema } from 'apache-arrow'
import fc from 'fast-check'
import { PackedWriter } from '../lib/index.js'
import {
  EMPTY_MANIFEST,
  type ManifestColumnGroup,
  type ManifestFile,
  ManifestReader,
} from '../lib/manifest/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { namesOf } from './support/manifest-reading.js'
import {
  batchOf,
  field,
  sampleBatch,
  sampleEmbeddings,
  sampleSchema,
  sampleScore,
  sampleTitle,
} from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const root = temporaryDirectory('manifest-reader-property')
const chunkManager = new LocalChunkManager({ rootPath: root })
const STORED = ['id', 'title', 'score', 'embedding']
const MISSING = 'missing'
let files = 0

/** What the sample has in a column, as text; a column that is not stored is null. */
function expected(name: string, row: number): string {
  if (name === 'id') return String(row)
  if (name === 'title') return String(sampleTitle(row))
  if (name === 'score') return String(sampleScore(row))
  if (name === MISSING) return 'null'
  return Buffer.from(sampleEmbeddings(row, 1).buffer).toString('hex')
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value)
}

interface Rows {
  readonly schema: Schema
  readonly numRows: number
  getChild(name: string): { get(row: number): unknown } | null
}

function expectRows(read: Rows, names: readonly string[], rows: readonly number[]): void {
  expect([namesOf(read), read.numRows]).toEqual([names, rows.length])
  for (const name of names) {
    const column = read.getChild(name)!
    const received = rows.map((_, i) => textOf(column.get(i)))
    expect([name, received]).toEqual([name, rows.map((row) => expected(name, row))])
  }
}

/** A file of some columns of the sample, of which a window begins at `row`. */
interface Cut {
  rows: number
  before: number
  after: number
  rowGroupBytes: number
  counted: boolean
}

async function write(columns: readonly string[], row: number, cut: Cut): Promise<ManifestFile> {
  const path = `file-${files++}.parquet`
  const before = Math.min(cut.before, row)
  const schema = new Schema(sampleSchema().fields.filter(({ name }) => columns.includes(name)))
  const writer = await PackedWriter.open({
    schema,
    groups: [{ id: 0, path: join(root, path), fields: [...columns] }],
    rowGroupBytes: cut.rowGroupBytes,
  })
  const batch = sampleBatch(row - before, before + cut.rows + cut.after)
  await writer.write(
    batchOf(
      schema,
      columns.map((name) => batch.getChild(name)!),
    ),
  )
  const { groups } = await writer.finish()
  await writer.close()
  const known = { file_size: String(groups[0]!.fileBytes), footer_size: '100' }
  const isWhole = before === 0 && cut.after === 0 && !cut.counted
  return {
    path,
    startIndex: isWhole ? -1 : before,
    endIndex: isWhole ? -1 : before + cut.rows,
    properties: cut.counted ? known : {},
  }
}

/** Files that cover `rows`; the cuts are taken again and again. */
async function groupOf(
  columns: readonly string[],
  rows: number,
  cuts: readonly Cut[],
): Promise<ManifestColumnGroup> {
  const written: ManifestFile[] = []
  for (let row = 0, i = 0; row < rows; i++) {
    const cut = cuts[i % cuts.length]!
    const own = { ...cut, rows: Math.min(cut.rows, rows - row) }
    written.push(await write(columns, row, own))
    row += own.rows
  }
  return { columns, files: written, format: 'parquet' }
}

const cut = fc.record({
  rows: fc.integer({ min: 1, max: 300 }),
  before: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100 })),
  after: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 100 })),
  rowGroupBytes: fc.constantFrom(1 << 20, 2000, 500),
  counted: fc.boolean(),
})
const given = fc.record({
  rows: fc.integer({ min: 1, max: 400 }),
  groups: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }),
  cuts: fc.array(fc.array(cut, { minLength: 1, maxLength: 3 }), { minLength: 4, maxLength: 4 }),
  withSchema: fc.boolean(),
  columns: fc.shuffledSubarray([...STORED, MISSING], { minLength: 1 }),
  batchRows: fc.integer({ min: 1, max: 200 }),
  bufferBytes: fc.constantFrom(0, 1, 5000),
  mmap: fc.boolean(),
  taken: fc.array(fc.nat(), { maxLength: 40 }),
})

test('scans, rows by position and chunks are those of the model', async () => {
  let windows = 0
  const property = fc.asyncProperty(given, async (drawn) => {
    const { rows, cuts, withSchema, batchRows, bufferBytes, mmap } = drawn
    const groups = [0, 1, 2, 3]
      .map((group) => STORED.filter((_, column) => drawn.groups[column] === group))
      .filter((columns) => columns.length > 0)
    const columnGroups = await Promise.all(
      groups.map((columns, group) => groupOf(columns, rows, cuts[group]!)),
    )
    windows += columnGroups.reduce((sum, group) => sum + group.files.length, 0)
    const stored = drawn.columns.filter((name) => name !== MISSING)
    const columns = withSchema ? drawn.columns : stored
    if (columns.length === 0) return
    const schema = new Schema([field(MISSING, new Int32(), 7), ...sampleSchema().fields])
    await using reader = await ManifestReader.open({
      chunkManager,
      manifest: { ...EMPTY_MANIFEST, columnGroups },
      ...{ columns, batchRows, bufferBytes, mmap },
      ...(withSchema ? { schema } : {}),
    })
    expect(reader.numRows).toBe(rows)
    const all = Array.from({ length: rows }, (_, row) => row)
    const positions = drawn.taken.map((position) => position % rows)
    expectRows(await reader.take(positions), columns, positions)
    for (const [group, { columns: own }] of columnGroups.entries()) {
      const common = columns.filter((name) => own.includes(name))
      if (common.length === 0) continue
      await using chunks = await reader.chunkReader(group)
      expect(chunks.rowsPerChunk.reduce((sum, count) => sum + count, 0)).toBe(rows)
      const wanted = chunks.chunkIndices(positions)
      for (const [i, chunk] of (await chunks.getChunks(wanted)).entries()) {
        const { rowOffset, rows: count } = chunks.chunks[wanted[i]!]!
        expectRows(chunk, common, all.slice(rowOffset, rowOffset + count))
      }
    }
    let row = 0
    for await (const batch of reader) {
      expect(batch.numRows).toBeLessThanOrEqual(batchRows)
      expectRows(batch, columns, all.slice(row, row + batch.numRows))
      row += batch.numRows
    }
    expect(row).toBe(rows)
  })
  await fc.assert(property, { numRuns: 60 })
  expect(windows).toBeGreaterThan(200)
}, 120_000)
