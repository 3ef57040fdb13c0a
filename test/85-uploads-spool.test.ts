/** Files that wait on the local disk until an object store has them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { PackedWriter } from '../lib/index.js'
import {
  abandonUploads,
  openObjectStore,
  resumeUploads,
  uploadJournal,
} from '../lib/storage/index.js'
import {
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers.js'
import { rejection } from './support/rejection.js'
import {
  LARGE_SCHEMA,
  largeBatch,
  objectAt,
  openLarge,
  openUploadsAt,
  PART_BYTES,
} from './support/remote-writing.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('spool')
const PAYLOAD_MIB = 12
let cases = 0

interface Place {
  folder: string
  spool: string
}

/** A folder of keys and a spool of their own. */
function place(): Place {
  cases += 1
  return { folder: `case ${cases}`, spool: join(directory, `spool-${cases}`) }
}

describeWithServers('a writer with a spool', () => {
  let server: TestServer
  const storage = (more = {}) =>
    storageAt(server.port, { rootPath: 'root', multipartPartBytes: PART_BYTES, ...more })
  /** Gives up after a second without the store. */
  const impatient = () => storage({ requestTimeoutMs: 500, retryTimeoutMs: 1000 })
  const restart = async () => {
    server = await startVersitygw(join(directory, 'server'), server.port)
  }

  beforeAll(async () => {
    server = await startVersitygw(join(directory, 'server'))
  })
  afterAll(() => server.stop())

  async function written({ folder, spool }: Place, config = storage()): Promise<PackedWriter> {
    const writer = await openLarge(folder, config, { spool })
    await writer.write(largeBatch(PAYLOAD_MIB))
    return writer
  }

  /** A set that is sealed, and that the store has nothing of. */
  async function stranded(where: Place): Promise<void> {
    const writer = await written(where, impatient())
    await server.stop()
    try {
      expect((await rejection(() => writer.finish())).code).toBe('Network')
    } finally {
      await restart()
    }
    await writer.close()
    // Nobody knows whether the store has started an upload: the journal looks, once it is back.
    while (uploadJournal().pending > 0) await sleep(20)
  }

  /** What the same rows are on the local disk. */
  async function expected(): Promise<Uint8Array[]> {
    const folder = join(directory, `expected-${cases}`)
    const writer = await openLarge(folder, undefined)
    await writer.write(largeBatch(PAYLOAD_MIB))
    await writer.finish()
    return ['0', '101'].map((name) => readFileSync(join(folder, name)))
  }

  async function expectPublished({ folder, spool }: Place): Promise<void> {
    const [ids, payloads] = await expected()
    expect(Buffer.compare((await objectAt(storage(), `root/${folder}/0`))!, ids!)).toBe(0)
    expect(Buffer.compare((await objectAt(storage(), `root/${folder}/101`))!, payloads!)).toBe(0)
    await expectNoUpload({ folder, spool })
  }

  async function expectNoUpload({ folder, spool }: Place): Promise<void> {
    expect(await openUploadsAt(storage(), `root/${folder}/101`)).toEqual([])
    expect(readdirSync(spool)).toEqual([])
  }

  async function expectNothing(where: Place): Promise<void> {
    for (const name of ['0', '101']) {
      expect(await objectAt(storage(), `root/${where.folder}/${name}`)).toBeUndefined()
    }
    await expectNoUpload(where)
  }

  test('publishes every group at finish and empties the spool', async () => {
    const where = place()
    const writer = await written(where)
    expect(await objectAt(storage(), `root/${where.folder}/0`)).toBeUndefined()
    const { groups } = await writer.finish()
    expect(groups.map(({ path }) => path)).toEqual([`${where.folder}/0`, `${where.folder}/101`])
    expect(groups[1]!.fileBytes).toBeGreaterThan(2 * PART_BYTES)
    await writer.close()
    await expectPublished(where)
  })

  test('publishes files without rows', async () => {
    const { folder, spool } = place()
    const writer = await openLarge(folder, storage(), { spool })
    expect((await writer.finish()).rows).toBe(0)
    expect((await objectAt(storage(), `root/${folder}/0`))!.subarray(0, 4)).toEqual(
      new Uint8Array(Buffer.from('PAR1')),
    )
    expect(readdirSync(spool)).toEqual([])
  })

  test('leaves nothing after close, abort and a failed write', async () => {
    const closed = place()
    await (await written(closed)).close()
    await expectNothing(closed)

    const aborted = place()
    const controller = new AbortController()
    const { signal } = controller
    const writer = await openLarge(aborted.folder, storage(), { spool: aborted.spool, signal })
    await writer.write(largeBatch(1))
    controller.abort(new Error('enough'))
    await expect(writer.finish()).rejects.toThrow('enough')
    await writer.close()
    await expectNothing(aborted)

    const failed = place()
    const other = await openLarge(failed.folder, storage(), { spool: failed.spool })
    await rejection(() => other.write({} as never))
    await other.close()
    await expectNothing(failed)
  })

  test('keeps what somebody else has published meanwhile, and publishes nothing', async () => {
    const where = place()
    const writer = await written(where)
    const store = await openObjectStore(storage())
    await store.put(`root/${where.folder}/101`, Buffer.from('theirs'))
    const error = await rejection(() => writer.finish())
    expect(error).toMatchObject({ code: 'AlreadyExists', path: `${where.folder}/101` })
    expect(await objectAt(storage(), `root/${where.folder}/0`)).toBeUndefined()
    const theirs = await objectAt(storage(), `root/${where.folder}/101`)
    expect(Buffer.from(theirs!).toString()).toBe('theirs')
    await expectNoUpload(where)
    const early = await rejection(() => openLarge(where.folder, storage(), { spool: where.spool }))
    expect(early).toMatchObject({ code: 'AlreadyExists', path: `${where.folder}/101` })
    const replacing = await openLarge(where.folder, storage(), {
      spool: where.spool,
      ifExists: 'replace',
    })
    await replacing.write(largeBatch(PAYLOAD_MIB))
    await replacing.finish()
    await expectPublished(where)
  })

  test('is resumed after the store was away', async () => {
    const where = place()
    await stranded(where)
    expect(readdirSync(where.spool)).toHaveLength(1)
    const resumed = await resumeUploads({ spool: where.spool, storage: storage() })
    expect(resumed).toEqual({
      published: [`${where.folder}/0`, `${where.folder}/101`],
      removed: [],
      failed: [],
    })
    await expectPublished(where)
    const again = await resumeUploads({ spool: where.spool, storage: storage() })
    expect(again).toEqual({ published: [], removed: [], failed: [] })
  })

  test('keeps parts that are the same and sends those that differ', async () => {
    const where = place()
    await stranded(where)
    const [name] = readdirSync(where.spool)
    const set = join(where.spool, name!)
    const file = readFileSync(join(set, '1'))
    const key = `root/${where.folder}/101`
    const store = await openObjectStore(storage())
    const upload = await store.create(key)
    const wrong = Buffer.from(file.subarray(0, PART_BYTES)).fill(7, 100, 200)
    await store.part(key, upload, { number: 1, content: wrong })
    const second = file.subarray(PART_BYTES, 2 * PART_BYTES)
    await store.part(key, upload, { number: 2, content: second })
    const record = JSON.parse(readFileSync(join(set, 'record.json'), 'utf8'))
    record.files[1].upload = upload
    writeFileSync(join(set, 'record.json'), JSON.stringify(record))
    const last = { sentBytes: 0, keptBytes: 0 }
    const { failed } = await resumeUploads({
      spool: where.spool,
      storage: storage(),
      onProgress: ({ sentBytes, keptBytes }) => Object.assign(last, { sentBytes, keptBytes }),
    })
    expect(failed).toEqual([])
    expect(last).toEqual({ sentBytes: file.length - PART_BYTES, keptBytes: PART_BYTES })
    await expectPublished(where)
  })

  test('starts anew where the store has dropped the upload', async () => {
    const where = place()
    await stranded(where)
    const [name] = readdirSync(where.spool)
    const recordFile = join(where.spool, name!, 'record.json')
    const store = await openObjectStore(storage())
    const upload = await store.create(`root/${where.folder}/101`)
    await store.abort(`root/${where.folder}/101`, upload)
    const record = JSON.parse(readFileSync(recordFile, 'utf8'))
    record.files[1].upload = upload
    writeFileSync(recordFile, JSON.stringify(record))
    await resumeUploads({ spool: where.spool, storage: storage() })
    await expectPublished(where)
  })

  test('takes objects for its own that were published before the kill', async () => {
    const where = place()
    await stranded(where)
    const [name] = readdirSync(where.spool)
    const set = join(where.spool, name!)
    const store = await openObjectStore(storage())
    await store.put(`root/${where.folder}/101`, readFileSync(join(set, '1')))
    const record = JSON.parse(readFileSync(join(set, 'record.json'), 'utf8'))
    record.publishing = true
    record.files[1].upload = await store.create(`root/${where.folder}/101`)
    await store.abort(`root/${where.folder}/101`, record.files[1].upload)
    writeFileSync(join(set, 'record.json'), JSON.stringify(record))
    const { failed } = await resumeUploads({ spool: where.spool, storage: storage() })
    expect(failed).toEqual([])
    await expectPublished(where)
  })

  test('is abandoned with all its uploads, by path', async () => {
    const where = place()
    await stranded(where)
    await stranded({ ...where, folder: `${where.folder} other` })
    const { spool } = where
    const paths = [`${where.folder}/0`]
    const abandoned = await abandonUploads({ spool, storage: storage(), paths })
    expect(abandoned).toEqual([`${where.folder}/0`, `${where.folder}/101`])
    expect(readdirSync(spool)).toHaveLength(1)
    expect(await abandonUploads({ spool, storage: storage() })).toHaveLength(2)
    await expectNothing(where)
  })

  test('is left alone while its writer is at work, and by those who mean another store', async () => {
    const where = place()
    const writer = await written(where)
    const { spool } = where
    const nothing = { published: [], removed: [], failed: [] }
    expect(await resumeUploads({ spool, storage: storage() })).toEqual(nothing)
    await writer.finish()
    await expectPublished(where)
    const other = place()
    await stranded(other)
    const elsewhere = storage({ bucketName: 'elsewhere' })
    expect(await resumeUploads({ spool: other.spool, storage: elsewhere })).toEqual(nothing)
    expect(readdirSync(other.spool)).toHaveLength(1)
  })

  test('removes sets of writers that died while writing', async () => {
    const where = place()
    const folder = join(where.spool, '.upload-0123456789abcdef')
    mkdirSync(folder, { recursive: true })
    mkdirSync(join(where.spool, '.upload-0123456789abcde0'))
    const store = await openObjectStore(storage())
    const file = { name: '0', path: 'a', key: 'root/a', sizeBytes: 0, partBytes: PART_BYTES }
    const flags = { ifAbsent: true, sealed: false, publishing: false, unwanted: false }
    const record = { version: 1, store: store.name, createdMs: 1, ...flags, files: [file] }
    writeFileSync(join(folder, 'record.json'), JSON.stringify(record))
    writeFileSync(join(folder, '.0.1-0123456789abcdef.partial'), 'PAR1')
    const { removed } = await resumeUploads({ spool: where.spool, storage: storage() })
    expect(removed).toEqual(['a'])
    expect(readdirSync(where.spool)).toEqual([])
  })

  test.each([
    ['no JSON', '{'],
    ['no record', '{}'],
    ['a file outside', JSON.stringify({ version: 1, files: [{ name: '../../etc' }] })],
  ])('names a record that is %s, after the others', async (_, text) => {
    const where = place()
    await stranded(where)
    const folder = join(where.spool, '.upload-0000000000000000')
    mkdirSync(folder)
    writeFileSync(join(folder, 'record.json'), text)
    const options = { spool: where.spool, storage: storage() }
    const error = await rejection(() => resumeUploads(options))
    expect(error).toMatchObject({ code: 'MetadataCorrupted', path: join(folder, 'record.json') })
    expect(readdirSync(where.spool)).toEqual(['.upload-0000000000000000'])
    expect(await objectAt(storage(), `root/${where.folder}/101`)).toBeDefined()
  })

  test('belongs to one process; the lock of a dead one is broken', async () => {
    const { folder, spool } = place()
    mkdirSync(spool)
    const lock = join(spool, '.lock')
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'latin1')
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    const holder = { pid: process.ppid, started, thread: 0 }
    writeFileSync(lock, JSON.stringify(holder))
    const error = await rejection(() => openLarge(folder, storage(), { spool }))
    expect(error).toMatchObject({ code: 'Conflict', path: spool })
    expect(error.message).toContain(`process ${process.ppid} `)
    expect(existsSync(lock)).toBe(true)
    for (const dead of [{ ...holder, started: '1' }, { ...holder, pid: 2 ** 22 + 1 }, 'rubbish']) {
      writeFileSync(lock, JSON.stringify(dead))
      const writer = await openLarge(folder, storage(), { spool })
      expect(JSON.parse(readFileSync(lock, 'utf8'))).toMatchObject({ pid: process.pid })
      await writer.close()
      expect(readdirSync(spool)).toEqual([])
    }
  })

  test('shares its spool with the writers of its thread', async () => {
    const { spool } = place()
    const names = ['a', 'b', 'c', 'd']
    await Promise.all(names.map((folder) => written({ folder, spool }).then((w) => w.finish())))
    for (const folder of names) {
      expect(await objectAt(storage(), `root/${folder}/0`)).toBeDefined()
    }
    expect(readdirSync(spool)).toEqual([])
  })

  test('tells no secret in its record', async () => {
    const where = place()
    await stranded(where)
    const [name] = readdirSync(where.spool)
    const text = readFileSync(join(where.spool, name!, 'record.json'), 'utf8')
    expect(text).toContain(`127.0.0.1:${server.port}`)
    expect(text).not.toMatch(/testkey123|testsecret123/)
  })
})

test('a spool is for object stores, and options are checked', async () => {
  const spool = join(directory, 'unused')
  const schema = LARGE_SCHEMA
  expect(schema.fields).toHaveLength(2)
  const local = await rejection(() => openLarge('x', undefined, { spool }))
  expect(local).toMatchObject({ code: 'InvalidArgument' })
  for (const options of [undefined, {}, { spool }, { spool, storage: {} }, { spol: 1 }]) {
    expect((await rejection(() => resumeUploads(options as never))).code).toBe('InvalidArgument')
    expect((await rejection(() => abandonUploads(options as never))).code).toBe('InvalidArgument')
  }
  expect(existsSync(spool)).toBe(false)
})
