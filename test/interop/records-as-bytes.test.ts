/** Records as bytes against pyarrow and the zstd command, both ways. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RecordBatch, RecordBatchStreamWriter, Table } from 'apache-arrow'
import fc from 'fast-check'
import {
  buildRecord,
  type CollectionSchema,
  deserializeRecord,
  InsertData,
  type SerializeRecordOptions,
  serializeRecord,
} from '../../lib/index.js'
import { everyField } from '../support/every-type.js'
import { describeWithPyarrow, Oracle } from '../support/python.js'
import { temporaryDirectory } from '../support/temporary.js'

const FORMS: readonly SerializeRecordOptions[] = [
  {},
  { level: 22 },
  { buffers: 'zstd' },
  { buffers: 'lz4' },
]
const directory = temporaryDirectory('interop-records')
const oracle = new Oracle()
afterAll(() => oracle.close())

const { schema, row } = everyField(8)
const rows = fc.sample(row, { numRuns: 300, seed: 20261122 })
const record = buildRecord(schema, [InsertData.fromRows(schema, rows)]).toBatch()
const expected = join(directory, 'expected.arrow')

async function writeStream(path: string, batch: RecordBatch): Promise<void> {
  const writer = RecordBatchStreamWriter.writeAll(new Table([batch]))
  writeFileSync(path, await writer.toUint8Array())
}

describeWithPyarrow('records as bytes and pyarrow', () => {
  beforeAll(() => writeStream(expected, record))

  test.each(FORMS)('what we make is read: %j', async (options) => {
    const path = join(directory, 'ours')
    const ipc = join(directory, 'ours.arrow')
    writeFileSync(path, await serializeRecord(record, schema, options))
    expect(await oracle.ask('readRecord', { path, ipc })).toEqual({
      framed: options.buffers === undefined,
      batches: 1,
      ids: idsOf(schema),
      nullable: schema.fields.map(({ nullable }) => nullable),
    })
    expect(await oracle.ask('sameIpc', { left: expected, right: ipc })).toEqual([])
  })

  test('what pyarrow makes is read, in every form', async () => {
    const paths = await oracle.ask<Record<string, string>>('writeRecords', {
      ipc: expected,
      directory,
    })
    expect(Object.keys(paths).length).toBeGreaterThan(8)
    for (const [form, path] of Object.entries(paths)) {
      const batch = await deserializeRecord(readFileSync(path), schema)
      const ipc = join(directory, `${form}.arrow`)
      await writeStream(ipc, batch)
      expect([form, await oracle.ask('sameIpc', { left: expected, right: ipc })]).toEqual([
        form,
        [],
      ])
    }
  })
})

const noZstd = spawnSync('zstd', ['--version']).status !== 0
if (noZstd) process.stderr.write('NOT RUN (no zstd command): records as frames of zstd\n')
const describeWithZstd = noZstd ? describe.skip : describe

describeWithZstd('records as bytes and the zstd command', () => {
  const zstd = (args: string[], input: Uint8Array) => {
    const run = spawnSync('zstd', [...args, '-c'], { input, maxBuffer: 1 << 28 })
    if (run.status !== 0) throw new Error(`Expected zstd to take it but received ${run.stderr}`)
    return run.stdout
  }

  test('its frames are read, and it reads ours', async () => {
    const many = buildRecord(schema, [InsertData.fromRows(schema, Array(40).fill(rows).flat())])
    for (const one of [record, many.toBatch()]) {
      const bytes = await serializeRecord(one, schema)
      const stream = zstd(['-d'], bytes)
      expect(stream.readInt32LE()).toBe(-1)
      for (const level of ['-1', '-19', '--no-check']) {
        const batch = await deserializeRecord(zstd([level], stream), schema)
        expect(await serializeRecord(batch, schema)).toEqual(bytes)
      }
    }
  })
})

function idsOf({ fields }: CollectionSchema): number[] {
  return fields.map(({ fieldId }) => Number(fieldId))
}
