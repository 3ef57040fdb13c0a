/** Parquet files that nobody of Milvus wrote, under a manifest: the footer is all they have. */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { LocalChunkManager, ManifestReader, ManifestTransaction } from '../../lib/index.js'
import { describeWithPyarrow, pythonEnvironment } from '../support/python.js'
import { temporaryDirectory } from '../support/temporary.js'

const PLAIN = `
import sys, pyarrow as pa, pyarrow.parquet as pq
table = pa.table({"id": pa.array(range(100), pa.int64()), "name": [f"name {i}" for i in range(100)]})
pq.write_table(table, sys.argv[1], row_group_size=30, compression="snappy")
assert b"row_group_metadata" not in (pq.ParquetFile(sys.argv[1]).metadata.metadata or {})
assert all(not field.metadata for field in table.schema)
`

describeWithPyarrow('plain Parquet', () => {
  const rootPath = temporaryDirectory('manifest-foreign')
  const place = { chunkManager: new LocalChunkManager({ rootPath }), basePath: 'seg' }
  const path = 'seg/_data/plain.parquet'

  test('case 49: is read through a manifest, whole and by windows, without a key or a field id', async () => {
    mkdirSync(join(rootPath, 'seg/_data'), { recursive: true })
    const run = spawnSync('python3', ['-c', PLAIN, join(rootPath, path)], {
      env: pythonEnvironment(),
      encoding: 'utf8',
    })
    expect(run.stderr).toBe('')
    const files = [
      { path, startIndex: 0, endIndex: 100, properties: {} },
      { path, startIndex: 25, endIndex: 65, properties: {} },
    ]
    const transaction = await ManifestTransaction.open(place)
    await transaction.appendFiles([{ columns: ['id', 'name'], files, format: 'parquet' }]).commit()
    const reader = await ManifestReader.open({ ...place, columns: ['name', 'id'] })
    expect(reader.numRows).toBe(140)
    const rows = (await reader.toTable()).toArray().map(({ id, name }) => [id, name])
    const expected = Array.from({ length: 140 }, (_, row) => (row < 100 ? row : row - 75))
    expect(rows).toEqual(expected.map((row) => [BigInt(row), `name ${row}`]))
    const chunks = await reader.chunkReader(0)
    expect(chunks.rowsPerChunk).toEqual([30, 30, 30, 10, 5, 30, 5])
    await chunks.close()
    await reader.close()
  })
})
