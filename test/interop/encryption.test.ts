/** pyarrow reads what we encrypt with the same key, and we read what it encrypts. */
import { join } from 'node:path'
import { PackedReader, PackedWriter } from '../../lib/index.js'
import { describeWithPyarrow, Oracle } from '../support/python.js'
import { rejection } from '../support/rejection.js'
import { sampleBatch, sampleSchema, sampleScore, sampleTitle } from '../support/sample.js'
import { temporaryDirectory } from '../support/temporary.js'

const ROWS = 700
const keyOf = (bytes: number): Buffer =>
  Buffer.from(Uint8Array.from({ length: bytes }, (_, i) => 7 * i))

interface ReadByPyarrow {
  keys: string[]
  rows: number
  rowGroups: number
  codec: string
  columns: Record<string, string[]>
}

describeWithPyarrow('encryption', () => {
  const directory = temporaryDirectory('interop-encryption')
  const oracle = new Oracle()
  afterAll(() => oracle.close())

  test.each([
    ['AES_GCM_V1', 16],
    ['AES_GCM_V1', 24],
    ['AES_GCM_CTR_V1', 32],
  ] as const)('pyarrow reads our %s file with a key of %d bytes', async (algorithm, bytes) => {
    const key = keyOf(bytes)
    const home = join(directory, `${algorithm}-${bytes}`)
    await using writer = await PackedWriter.open({
      schema: sampleSchema(),
      directory: home,
      groups: 'single',
      rowGroupBytes: 8 << 10,
      encryption: { key, keyMetadata: 'encryption_meta_data', algorithm },
    })
    await writer.write(sampleBatch(0, ROWS))
    const { groups } = await writer.finish()
    const path = groups[0]!.path
    const read = await oracle.ask<ReadByPyarrow>('readEncrypted', {
      path,
      key: key.toString('hex'),
    })

    expect(read.keys.sort()).toEqual([
      'group_field_id_list',
      'row_group_metadata',
      'storage_version',
    ])
    expect([read.rows, read.rowGroups, read.codec]).toEqual([ROWS, groups[0]!.rowGroups, 'ZSTD'])
    expect(read.rowGroups).toBeGreaterThan(2)
    const rows = Array.from({ length: ROWS }, (_, row) => row)
    expect(read.columns.id).toEqual(rows.map(String))
    expect(read.columns.score!.map(Number)).toEqual(rows.map(sampleScore))
    expect(read.columns.title).toEqual(
      rows.map(sampleTitle).map((title) => (title === null ? 'None' : `'${title}'`)),
    )
    const wrong = oracle.ask('readEncrypted', { path, key: keyOf(bytes).reverse().toString('hex') })
    await expect(wrong).rejects.toThrow('decryption')
  })

  async function expectRead(path: string, key: (metadata: Uint8Array) => Uint8Array) {
    const reader = await PackedReader.open({ paths: [path], lenient: true, keyRetriever: key })
    const table = await reader.toTable()
    expect(table.numRows).toBe(1000)
    for (const row of [0, 1, 299, 300, 999]) {
      expect(table.getChild('id')!.get(row)).toBe(BigInt(row))
      expect(table.getChild('text')!.get(row)).toBe(`t${row}`)
    }
  }

  test.each(['AES_GCM_V1', 'AES_GCM_CTR_V1'])(
    'we read the %s file of pyarrow that names no key',
    async (algorithm) => {
      const path = join(directory, `${algorithm}.parquet`)
      const key = keyOf(32)
      await oracle.ask('writeEncrypted', { path, key: key.toString('hex'), algorithm })
      const asked: number[] = []
      await expectRead(path, (metadata) => {
        asked.push(metadata.length)
        return key
      })
      expect(asked).toEqual([0])
      const error = await rejection(() => expectRead(path, () => keyOf(16)))
      expect(error.code).toBe('Encryption')
    },
  )

  test("we read a file of pyarrow's key management, its key metadata in our retriever", async () => {
    const path = join(directory, 'kms.parquet')
    await oracle.ask('writeWithKms', { path })
    await expectRead(path, (metadata) => {
      const material = JSON.parse(Buffer.from(metadata).toString()) as Record<string, unknown>
      expect(material).toMatchObject({ isFooterKey: true, masterKeyID: 'master' })
      return Buffer.from(String(material.wrappedDEK), 'base64')
    })
  })
})
