/** Segments whose files are encrypted: read, found, checked and rewritten with their keys. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeExtras } from '../lib/binlog/v1/extras.js'
import { convertSegment, deriveSchema, locateSegment, verifySegment } from '../lib/segment/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { rejection } from './support/rejection.js'
import { BOOKS, columnOf, deletes, segmentIn, twoChunks } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('segment-encrypted')
const key = Uint8Array.from({ length: 16 }, (_, index) => index * 7)
const keyRetriever = () => key
let trees = 0
const tree = () => join(directory, String(trees++))

const encrypted = () =>
  segmentIn(tree(), twoChunks(), {
    encryption: { key, keyMetadata: 'zone 5' },
    deletes: deletes([2n, 99]),
  })

test('column groups are read with the key of their key metadata', async () => {
  const { chunkManager, info } = await encrypted()
  const { binlogs, deltalogs } = info
  const options = { schema: BOOKS, binlogs, deltalogs, chunkManager }
  expect(await columnOf('id', { ...options, keyRetriever })).toEqual([1n, 3n, 4n, 5n])
  expect(await rejection(() => columnOf('id', options))).toMatchObject({ code: 'Encryption' })
  const wrong = () => new Uint8Array(16)
  const error = await rejection(() => columnOf('id', { ...options, keyRetriever: wrong }))
  expect(error).toMatchObject({ code: 'Encryption' })
})

test('they are found without a sidecar, checked, and rewritten in the clear', async () => {
  const { chunkManager } = await encrypted()
  const find = { chunkManager, segmentId: 3, sidecar: false }
  expect(await rejection(() => locateSegment(find))).toMatchObject({ code: 'Encryption' })
  const segment = await locateSegment({ ...find, keyRetriever })
  expect(segment.numRows).toBe(5)
  const derived = await deriveSchema(segment, { chunkManager, keyRetriever })
  expect(derived.fields.map(({ name }) => name)).toContain('title')
  const check = { chunkManager, segment, schema: BOOKS }
  expect(await verifySegment({ ...check, keyRetriever })).toMatchObject({ ok: true, rows: 5 })
  const { problems } = await verifySegment(check)
  expect(new Set(problems.map(({ rule }) => rule))).toEqual(new Set(['footer']))

  const target = { chunkManager: new LocalChunkManager({ rootPath: tree() }) }
  const source = { chunkManager, segment }
  const info = await convertSegment({ source, target, schema: BOOKS, keyRetriever })
  const options = { schema: BOOKS, binlogs: info.binlogs, chunkManager: target.chunkManager }
  expect(await columnOf('id', options)).toEqual([1n, 2n, 3n, 4n, 5n])
})

/** Turn a binlog into one of an encryption zone: extras that say so, events XORed. */
function seal(file: string): void {
  const bytes = readFileSync(file)
  const length = bytes.readInt32LE(81)
  const { original_size } = JSON.parse(bytes.subarray(85, 85 + length).toString('utf8'))
  const extras = encodeExtras({
    originalSize: Number(original_size),
    encryption: { edek: 'sealed', zone: 7n },
  })
  const head = Buffer.from(bytes.subarray(0, 85))
  head.writeInt32LE(extras.length, 81)
  head.writeInt32LE(81 + extras.length, 4 + 9) // length of the descriptor event
  head.writeInt32LE(85 + extras.length, 4 + 13) // where the next one is
  const events = bytes.subarray(85 + length).map((byte) => byte ^ 0x5a)
  writeFileSync(file, Buffer.concat([head, extras, events]))
}

test('StorageV1 binlogs are opened by the decryptor', async () => {
  const root = tree()
  const { chunkManager, info } = await segmentIn(root, twoChunks(), {
    storageVersion: 0,
    deletes: deletes([2n, 99]),
  })
  const { binlogs, deltalogs } = info
  const logs = [...binlogs, ...deltalogs].flatMap((list) => list.binlogs)
  for (const { logPath } of logs) seal(join(root, logPath))
  const asked = new Set<string>()
  const decryptor = ({ edek, zone, bytes }: { edek: string; zone: bigint; bytes: Uint8Array }) => {
    asked.add(`${edek} of ${zone}`)
    return bytes.map((byte) => byte ^ 0x5a)
  }
  const options = { schema: BOOKS, binlogs, deltalogs, chunkManager }
  expect(await columnOf('id', { ...options, decryptor })).toEqual([1n, 3n, 4n, 5n])
  expect([...asked]).toEqual(['sealed of 7'])
  expect(await rejection(() => columnOf('id', options))).toMatchObject({
    code: 'Encryption',
    path: deltalogs[0]!.binlogs[0]!.logPath,
  })
  // What is in the clear is enough to find the segment.
  const found = await locateSegment({ chunkManager, segmentId: 3, sidecar: false })
  expect(found.binlogs[2]).toMatchObject({ fieldId: 100n, binlogs: [{ timestampTo: 30n }, {}] })
})
