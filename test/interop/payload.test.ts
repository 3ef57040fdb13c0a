/** Payloads against pyarrow, both ways: every type, and what else a Parquet file may be. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { RecordBatchStreamWriter, type Schema, type Table, tableFromIPC } from 'apache-arrow'
import { encodePayload, PayloadReader } from '../../lib/packed/index.js'
import { describeWithPyarrow, Oracle } from '../support/python.js'
import { temporaryDirectory } from '../support/temporary.js'

interface WrittenPayloads {
  ipc: string
  /** By variant, then by column: the payloads one after the other. */
  payloads: Record<string, { path: string; length: number }[]>[]
}

const directory = temporaryDirectory('interop-payload')
const oracle = new Oracle()
afterAll(() => oracle.close())

async function differences(expected: string, table: Table): Promise<string[]> {
  const actual = join(directory, 'actual.arrow')
  writeFileSync(actual, await RecordBatchStreamWriter.writeAll(table).toUint8Array())
  return oracle.ask('sameIpc', { left: expected, right: actual })
}

describeWithPyarrow('payloads and pyarrow', () => {
  let written: WrittenPayloads
  let expected: Table

  beforeAll(async () => {
    written = await oracle.ask('writePayloads', { directory })
    expected = tableFromIPC(readFileSync(written.ipc))
  })

  test('every variant of every type is read', async () => {
    const schema: Schema = expected.schema
    expect(written.payloads.length).toBeGreaterThan(5)
    for (const byColumn of written.payloads) {
      const columns = schema.names.map((name) => ({ payloads: byColumn[String(name)]! }))
      const reader = await PayloadReader.open({ schema, columns, batchRows: 500 })
      expect(reader.numRows).toBe(expected.numRows)
      expect(await differences(written.ipc, await reader.toTable())).toEqual([])
    }
  })

  test.each([true, false])('what we encode is read, with dictionary: %s', async (dictionary) => {
    const bytes = await encodePayload(expected.schema, [expected], { dictionary })
    const path = join(directory, 'encoded')
    const ipc = join(directory, 'encoded.arrow')
    writeFileSync(path, bytes)
    expect(await oracle.ask('payloadFacts', { path, ipc })).toEqual({
      rowGroups: 1,
      keys: [],
      format: '2.6',
      types: [
        'bool',
        'int8',
        'int16',
        'int32',
        'int64',
        'float',
        'double',
        'string',
        'binary',
        'fixed_size_binary[8]',
      ],
      nullable: Array(10).fill(true),
      codecs: ['ZSTD'],
      // Boolean values, the first column, are never dictionary-encoded.
      dictionary: [false, ...Array(9).fill(dictionary)],
      statistics: true,
    })
    expect(await oracle.ask('sameIpc', { left: written.ipc, right: ipc })).toEqual([])
  })
})
