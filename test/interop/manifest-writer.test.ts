/** Files of manifest writers as pyarrow reads them: rows, columns, footers, and their keys. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RecordBatchStreamWriter } from 'apache-arrow'
import type { ManifestWriterOptions } from '../../lib/index.js'
import { ManifestPlace } from '../support/manifest-writing.js'
import { describeWithPyarrow, Oracle } from '../support/python.js'
import { sampleBatch } from '../support/sample.js'
import { temporaryDirectory } from '../support/temporary.js'

interface Footer {
  rows: number
  columns: string[]
  footerBytes: number
}

describeWithPyarrow('the files of a manifest, read by pyarrow', () => {
  const directory = temporaryDirectory('manifest-pyarrow')
  const oracle = new Oracle()
  afterAll(() => oracle.close())

  test.each<[string, Partial<ManifestWriterOptions>]>([
    ['the layout of Milvus', {}],
    ['the fast layout', { layout: 'fast' }],
    ['names that are field ids', { columnNames: 'fieldId' }],
  ])('case 16: their footers are what the manifest says (%s)', async (name, options) => {
    const place = new ManifestPlace(join(directory, name))
    const writer = await place.open({
      policy: { kind: 'sizeBased', maxAvgColumnBytes: 12, maxColumnsInGroup: 2 },
      rollingBytes: 0,
      ...options,
    })
    for (let first = 0; first < 9000; first += 3000) {
      await writer.write(sampleBatch(first, 3000))
      await writer.flush()
    }
    await writer.close()
    for (const { columns, files } of writer.getWrittenManifest().columnGroups) {
      const paths = files.map(({ path }) => place.file(path))
      const footers = await oracle.ask<Footer[]>('footers', { paths })
      expect(footers).toHaveLength(3)
      files.forEach(({ startIndex, endIndex, properties }, index) => {
        expect({ startIndex, ...footers[index] }).toEqual({
          startIndex: 0,
          rows: endIndex,
          columns,
          footerBytes: Number(properties.footer_size),
        })
      })
    }
  })

  test('every set of files is the rows that were written, keys of StorageV2 included', async () => {
    const place = new ManifestPlace(join(directory, 'values'))
    const ipc = join(directory, 'values.arrows')
    const batches = [sampleBatch(0, 4000), sampleBatch(4000, 2000)]
    writeFileSync(ipc, RecordBatchStreamWriter.writeAll(batches).toUint8Array(true))
    const policy = { kind: 'schemaBased', patterns: ['id|title', 'score'] } as const
    const writer = await place.open({ policy, rollingBytes: 1 })
    for (const batch of batches) await writer.write(batch)
    await writer.close()
    const { columnGroups } = writer.getWrittenManifest()
    for (const [set, { numRows: rows }] of batches.entries()) {
      const paths = columnGroups.map(({ files }) => place.file(files[set]!.path))
      const offset = set * 4000
      expect(await oracle.ask('sameAsIpc', { ipc, offset, rows, paths })).toEqual([])
      for (const path of paths) {
        const { values } = await oracle.ask<{ values: Record<string, string> }>('facts', { path })
        expect(values.group_field_id_list).toBe('100,101;102;103')
        expect(values.storage_version).toBe('1.0.0')
      }
    }
  })
})
