/** `packed` over Azure Blob Storage and Google Cloud Storage, by az:// and gs:// URIs. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openObjectStore } from '../lib/storage/index.js'
import { packed, packedOutput } from './support/command.js'
import {
  noOtherStores,
  type OtherStore,
  startAzurite,
  startFakeGcs,
} from './support/other-stores.js'
import { temporaryDirectory } from './support/temporary.js'

if (noOtherStores !== undefined) process.stderr.write(`NOT RUN (${noOtherStores}): other stores\n`)
const describeStores = noOtherStores === undefined ? describe : describe.skip
const directory = temporaryDirectory('storage-commands-elsewhere')
const csv = join(directory, 'rows.csv')
const STORES: [scheme: string, start: () => Promise<OtherStore>][] = [
  ['az', () => startAzurite(join(directory, 'azurite'))],
  ['gs', startFakeGcs],
]

describeStores.each(STORES)('%s://', (scheme, start) => {
  const json = join(directory, `${scheme}.json`)
  let store: OtherStore
  let bucket: string
  const run = (...args: string[]) => packedOutput(['--storage', json, ...args])

  beforeAll(async () => {
    store = await start()
    bucket = `${scheme}://${store.storage.bucketName}`
    writeFileSync(json, JSON.stringify(store.storage))
    writeFileSync(csv, 'id,title\n1,one\n2,\n')
  })
  afterAll(() => store.server.stop())

  test('files are written, listed as a folder, read and checked', async () => {
    const report = await run('write', csv, '--out', `${bucket}/a b+%20`, '--groups', 'perField')
    expect(report).toContain(`${bucket}/a b+%20/101`)
    const rows = '{"id":1,"title":"one"}\n{"id":2,"title":null}\n'
    expect(await run('cat', `${bucket}/a b+%20/`)).toBe(rows)
    expect(await run('verify', `${bucket}/a b+%20/`)).toBe('OK: 2 files, 2 rows\n')
    expect(await run('inspect', 'a b+%20/100')).toMatch(/^a b\+%20\/100$/m)
  })

  test('a printed file is kept, or replaced', async () => {
    await run('write', csv, '--out', 'seg')
    const cat = ['cat', 'seg/0', '--out', `${bucket}/rows.csv`]
    await run(...cat)
    const again = await packed(['--storage', json, ...cat])
    expect(again).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^packed: AlreadyExists/),
    })
    await run(...cat, '--limit', '1', '--if-exists', 'replace')
    const client = await openObjectStore(store.storage)
    expect(Buffer.from(await client.get('rows.csv')).toString('utf8')).toBe('id,title\n1,one\n')
    client.close()
  })

  test('the storage answers a check, and has no unfinished uploads', async () => {
    const checked = await run('storage', 'check')
    expect(checked).toMatch(/^answers +in \d+ ms/m)
    expect(checked).not.toContain(store.storage.secretAccessKey ?? 'secretAccessKey')
    expect(await run('uploads', 'list', `${bucket}/`)).toBe('no unfinished uploads\n')
  })

  test('a configuration of another store is a usage error', async () => {
    const ran = await packed(['--storage', json, 'cat', 's3://bucket/key'])
    expect(ran).toMatchObject({ code: 2, stderr: expect.stringMatching(/of S3 in --storage/) })
  })
})
