/** What a manifest reader reads beside pyarrow: a real segment of Milvus's library, and foreign files. */
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Schema, Table, tableToIPC } from 'apache-arrow'
import {
  EMPTY_MANIFEST,
  type Manifest,
  type ManifestColumnGroup,
  ManifestReader,
  type ManifestReaderOptions,
} from '../../lib/manifest/index.js'
import { LocalChunkManager } from '../../lib/storage/index.js'
import { hasLoon, LOON } from '../support/fixtures.js'
import { namesOf, numbersOf, ReadablePlace, range, withFiles } from '../support/manifest-reading.js'
import { describeWithPyarrow, Oracle } from '../support/python.js'
import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory('manifest-reader-interop')

describeWithPyarrow('manifest readers beside pyarrow', () => {
  const oracle = new Oracle()
  let streams = 0
  afterAll(() => oracle.close())

  /** Compare columns of the groups, all rows or `rows` of them, with what was read. */
  async function expectSame(
    table: Table,
    root: string,
    { columnGroups }: Manifest,
    rows?: readonly number[],
  ): Promise<void> {
    const path = join(directory, `${streams++}.arrow`)
    writeFileSync(path, tableToIPC(table, 'stream'))
    const groups = columnGroups.map(({ columns, files }) => ({
      columns,
      files: files.map((file) => ({
        path: join(root, file.path),
        start: file.startIndex,
        end: file.endIndex,
      })),
    }))
    const request = { ipc: path, groups, columns: namesOf(table), ...(rows ? { rows } : {}) }
    expect(await oracle.ask('same_as_groups', request)).toEqual([])
  }

  /** Everything of a manifest in every way that there is. */
  async function expectAll(
    root: string,
    options: Partial<ManifestReaderOptions>,
    numRows: number,
  ): Promise<void> {
    const chunkManager = new LocalChunkManager({ rootPath: root })
    const open = () => ManifestReader.open({ chunkManager, basePath: 'seg', ...options })
    const reader = await open()
    expect(reader.numRows).toBe(numRows)
    const { manifest } = reader
    const rows = [numRows - 1, 0, 0, ...range(0, 50).map((i) => (i * 7919) % numRows)]
    await expectSame(await reader.take(rows), root, manifest, rows)
    for (const group of manifest.columnGroups.keys()) {
      await using chunks = await reader.chunkReader(group)
      let row = 0
      for (const index of range(0, chunks.numChunks)) {
        const chunk = await chunks.getChunk(index)
        await expectSame(new Table([chunk]), root, manifest, range(row, row + chunk.numRows))
        row += chunk.numRows
      }
      expect(row).toBe(numRows)
    }
    await expectSame(await reader.toTable(), root, manifest)
    await reader.close()
  }

  const fixture = hasLoon('a real segment beside pyarrow') ? test : test.skip

  fixture.each([
    [1, 3000],
    [2, 3200],
    [-1, 3200],
  ])('a real segment at version %d has the rows of pyarrow', async (version, rows) => {
    await expectAll(LOON, { version }, rows)
    const chunkManager = new LocalChunkManager({ rootPath: LOON })
    const columns = ['fvec', 'pk', 'sn']
    const reader = await ManifestReader.open({ chunkManager, basePath: 'seg', version, columns })
    const table = await reader.toTable()
    expect(namesOf(table)).toEqual(columns)
    await expectSame(table, LOON, reader.manifest)
    const schema = new Schema(
      columns.map((name) => reader.schema.fields.find((one) => one.name === name)!),
    )
    const again = await ManifestReader.open({ chunkManager, basePath: 'seg', version, schema })
    await expectSame(await again.toTable(), LOON, again.manifest)
  })

  fixture('a real segment through windows', async () => {
    const chunkManager = new LocalChunkManager({ rootPath: LOON })
    const whole = await ManifestReader.open({ chunkManager, basePath: 'seg' })
    const manifest = withFiles(whole.manifest, (_, index) =>
      index === 0 ? { startIndex: 1234, endIndex: 2999 } : { startIndex: 1, endIndex: 200 },
    )
    await expectAll(LOON, { manifest }, 1765 + 199)
  })

  test.each(['snappy', 'gzip', 'none', 'zstd'])(
    'case 49: plain Parquet of somebody else, %s',
    async (codec) => {
      const files = []
      for (const [part, rows] of [
        [0, 1000],
        [1, 500],
      ] as const) {
        const path = `${codec}-${part}.parquet`
        const request = {
          ...{ path: join(directory, path), first: part * 1000, rows, codec },
          rowGroupRows: 300,
          pages: part === 0 ? '1.0' : '2.0',
        }
        expect(await oracle.ask('write_foreign', request)).toBe(Math.ceil(rows / 300))
        const size = String(statSync(join(directory, path)).size)
        files.push({
          path,
          startIndex: 0,
          endIndex: rows,
          properties: part === 0 ? { file_size: size } : {},
        })
      }
      const columns = ['id', 'word', 'tags', 'point', 'price']
      const group: ManifestColumnGroup = { columns, files, format: 'parquet' }
      const manifest = { ...EMPTY_MANIFEST, columnGroups: [group] }
      await expectAll(directory, { manifest }, 1500)
      const windows = withFiles(manifest, () => ({ startIndex: 299, endIndex: 302 }))
      await expectAll(directory, { manifest: windows }, 6)
    },
  )

  test('what our writer wrote has the rows of pyarrow at every version', async () => {
    const place = new ReadablePlace(join(directory, 'written'))
    const versions = [await place.append([400, 300]), await place.append([200])]
    for (const [index, version] of versions.entries()) {
      const reader = await place.read({ version })
      const table = await reader.toTable()
      expect(numbersOf(table, 'id')).toEqual(range(0, [700, 900][index]!))
      await expectSame(table, place.root, reader.manifest)
    }
  })
})
