/** Objects that we write, read by pyarrow's own S3 client, and its objects read by us. */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PackedReader, PackedWriter, type StorageConfig } from '../../lib/index.js'
import {
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from '../support/object-servers.js'
import { describeWithPyarrow, Oracle } from '../support/python.js'
import { sampleBatch, sampleSchema, sampleTitle } from '../support/sample.js'
import { temporaryDirectory } from '../support/temporary.js'
import { WIDE_SCHEMA, wideBatches, wideGroups, widePaths } from '../support/wide-segment.js'

const VECTOR_BYTES = 512
const KEYS = ['plain/101', 'with space/1+1/50%/ümläut 数据', '.hidden/a=b&c']

describeWithServers('object storage', () => {
  const directory = temporaryDirectory('s3-interop')
  const oracle = new Oracle()
  let server: TestServer
  let storage: StorageConfig

  beforeAll(async () => {
    server = await startVersitygw(join(directory, 'store'))
    storage = storageAt(server.port, { multipartPartBytes: 5 << 20 })
  })
  afterAll(async () => {
    await oracle.close()
    await server.stop()
  })

  const sha256 = (path: string): string =>
    createHash('sha256').update(readFileSync(path)).digest('hex')

  describeWithPyarrow('read by pyarrow', () => {
    test('objects of one part and of several have the bytes and columns of files', async () => {
      const local = join(directory, 'local')
      for (const [prefix, more] of [
        [local, {}],
        ['seg', { storage }],
      ] as const) {
        const writer = await PackedWriter.open({
          schema: WIDE_SCHEMA,
          groups: wideGroups(prefix),
          ...more,
        })
        await writer.writeAll(wideBatches())
        await writer.finish()
      }
      const [keys, files] = [widePaths('seg'), widePaths(local)]
      expect(await oracle.ask('s3SameFiles', { storage, keys, files })).toEqual([])
      expect(await oracle.ask('s3Digests', { storage, keys })).toEqual(files.map(sha256))
    })

    test.each(KEYS)('the key %s', async (key) => {
      const file = join(directory, 'keys', key)
      mkdirSync(dirname(file), { recursive: true })
      for (const [path, more] of [
        [file, {}],
        [key, { storage }],
      ] as const) {
        const fields = sampleSchema().names as string[]
        const writer = await PackedWriter.open({
          schema: sampleSchema(),
          groups: [{ id: 0, path, fields }],
          ...more,
        })
        await writer.write(sampleBatch(0, 100))
        await writer.finish()
      }
      expect(await oracle.ask('s3Digests', { storage, keys: [key] })).toEqual([sha256(file)])
    })
  })

  describeWithPyarrow('written by pyarrow', () => {
    test.each([
      [KEYS[0]!, 30_000],
      [KEYS[1]!, 200],
      [KEYS[2]!, 0],
    ])('%s of %d rows', async (key, rows) => {
      const sizeBytes = await oracle.ask<number>('s3Write', { storage, key, rows })
      const reader = await PackedReader.open({ paths: [key], storage, lenient: true })
      expect(reader.files[0]).toMatchObject({ path: key, fileBytes: sizeBytes })
      const table = await reader.toTable()
      await reader.close()
      expect(table.numRows).toBe(rows)
      const [ids, titles, vectors] = ['id', 'title', 'vector'].map((name) => table.getChild(name)!)
      for (let row = 0; row < rows; row += 1) {
        const expected = Uint8Array.from({ length: VECTOR_BYTES }, (_, i) => row + i)
        if (
          ids!.get(row) !== BigInt(row) ||
          titles!.get(row) !== sampleTitle(row) ||
          Buffer.compare(vectors!.get(row) as Uint8Array, expected) !== 0
        ) {
          throw new Error(`row ${row} differs`)
        }
      }
    })
  })
})
