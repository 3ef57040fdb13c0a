/** Footers that parse and lie, whose lies only come out when the pages are read. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PackedReader, PackedWriter } from '../../lib/index.js'
import {
  chunksOf,
  footerOf,
  ID,
  type ThriftStruct,
  withFooter,
} from '../support/fuzz/parquet-parts.cjs'
import { rejection } from '../support/rejection.js'
import { sampleBatch, sampleSchema } from '../support/sample.js'
import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory('lies')
const NO_CODEC = 9n

async function writeSample(): Promise<string> {
  const path = join(directory, 'sample')
  const schema = sampleSchema()
  const groups = [{ id: 0, path, fields: schema.fields.map(({ name }) => name) }]
  const writer = await PackedWriter.open({ schema, groups, rowGroupBytes: 4096 })
  for (let row = 0; row < 1000; row += 100) await writer.write(sampleBatch(row, 100))
  await writer.finish()
  return path
}

const memberOf = (struct: ThriftStruct, id: number) => struct.fields.find((one) => one.id === id)!

test('a codec that there is not is a damaged file, by every way to the pages', async () => {
  const path = await writeSample()
  const bytes = readFileSync(path)
  const { start, tree } = footerOf(bytes)!
  const metadata = memberOf(chunksOf(tree).at(-1)!, ID.chunk.metadata!).value as ThriftStruct
  memberOf(metadata, ID.column.codec!).value = NO_CODEC
  writeFileSync(path, withFooter(bytes, start, tree))
  const damaged = { code: 'FileCorrupted', retryable: false, path }
  for (const options of [{}, { mmap: true }]) {
    const open = () => PackedReader.open({ paths: [path], ...options })
    const scan = async () => (await open()).toTable()
    expect(await rejection(scan)).toMatchObject(damaged)
    expect(await rejection(async () => (await open()).take([999]))).toMatchObject(damaged)
    // What is not damaged is read.
    expect((await (await open()).take([0])).getChild('id')!.get(0)).toBe(0n)
  }
})
