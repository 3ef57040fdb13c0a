/** Transactions one beside the other: what becomes a version, and what its caller is told. */
import { join } from 'node:path'
import { EMPTY_MANIFEST, ManifestStore } from '../lib/manifest/index.js'
import {
  BASE,
  deltaLogOf,
  fileOf,
  groupOf,
  indexOf,
  lobFileOf,
  statisticsOf,
} from './support/manifest-parts.js'
import { manifestPlace, namesOf } from './support/manifest-place.js'
import { rejection } from './support/rejection.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const ROOT = temporaryDirectory('manifest-transactions')
let places = 0

function place() {
  places += 1
  return manifestPlace(join(ROOT, String(places)))
}

describe('committing', () => {
  test('case 56 an empty folder is version 0; the first commit makes version 1', async () => {
    const { store, open, append, metadata, rootPath } = place()
    expect(await store.versions()).toEqual([])
    expect(await store.open()).toEqual({ version: 0, manifest: EMPTY_MANIFEST })
    const transaction = await open()
    expect([transaction.readVersion, transaction.manifest]).toEqual([0, EMPTY_MANIFEST])
    expect((await append('a')).version).toBe(1)
    expect(filesBelow(rootPath)).toEqual([join(metadata, 'manifest-1.avro')])
    expect((await append('b')).version).toBe(2)
    expect(await store.versions()).toEqual([1, 2])
    expect(namesOf(await store.read(1))).toEqual(['a'])
    expect(namesOf(await store.read(2))).toEqual(['a', 'b'])
  })

  test('case 57 without changes is an error', async () => {
    const { open, rootPath } = place()
    const error = await rejection(async () => (await open()).commit())
    expect([error.code, error.message]).toEqual([
      'InvalidArgument',
      'Expected changes for a commit but received undefined',
    ])
    expect(filesBelow(rootPath)).toEqual([])
  })

  test('cases 58 and 59 what does not fit commits nothing, and the rest may follow', async () => {
    const { open, append, store } = place()
    await append('a')
    const wrong = (await open()).appendFiles([groupOf('id age', { b: 1 })])
    expect(await rejection(() => wrong.commit())).toMatchObject({
      code: 'InvalidArgument',
      field: 'age',
    })
    const clash = (await open()).addColumnGroup(groupOf('id', { b: 1 }))
    expect((await rejection(() => clash.commit())).field).toBe('id')
    const rows = (await open()).addColumnGroup(groupOf('age', { b: 2 }))
    expect((await rejection(() => rows.commit())).message).toMatch(/Expected 1 rows .* received 2$/)
    expect(await store.latest()).toBe(1)
    expect((await append('c')).version).toBe(2)
  })

  test('all kinds of changes read back as they were given, elsewhere too', async () => {
    const { open, elsewhere } = place()
    const transaction = (await open())
      .appendFiles([groupOf('id', { a: 4 }), groupOf('vector', { b: 4 })])
      .addDeltaLog(deltaLogOf('d', 2))
      .updateStatistics('bloom_filter.100', statisticsOf('s'))
      .addIndex(indexOf('vector', 5n))
      .addLobFile(lobFileOf('l'))
    const { manifest } = await transaction.commit()
    const expected = {
      columnGroups: [groupOf('id', { a: 4 }), groupOf('vector', { b: 4 })],
      deltaLogs: [deltaLogOf('d', 2)],
      stats: { 'bloom_filter.100': statisticsOf('s') },
      indexes: [indexOf('vector', 5n)],
      lobFiles: [lobFileOf('l')],
    }
    expect(manifest).toEqual(expected)
    const read = await new ManifestStore(elsewhere().chunkManager, BASE).read(1)
    expect(read).toEqual(expected)
    expect(Object.isFrozen(read.columnGroups[0]!.files[0]!.properties)).toBe(true)
  })

  test('cases 64 and 67 indexes, dropped and added columns in a version', async () => {
    const { open } = place()
    const first = (await open()).appendFiles([groupOf('id', { a: 4 }), groupOf('v', { b: 4 })])
    await first.addIndex(indexOf('v', 5n)).addIndex(indexOf('id', 6n)).commit()
    const second = (await open()).dropColumn('v').addColumnGroup(groupOf('v', { c: 4 }))
    const { manifest } = await second.commit()
    expect(manifest.columnGroups).toEqual([groupOf('id', { a: 4 }), groupOf('v', { c: 4 })])
    expect(manifest.indexes).toEqual([indexOf('id', 6n)])
    expect((await (await open()).dropIndex(6).commit()).manifest.indexes).toEqual([])
  })

  test('what is given may be changed afterwards', async () => {
    const { open } = place()
    const group = { columns: ['id'], files: [fileOf('a', 1)], format: 'parquet' }
    const transaction = (await open()).appendFiles([group])
    group.columns.push('name')
    group.files.length = 0
    expect((await transaction.commit()).manifest.columnGroups).toEqual([groupOf('id', { a: 1 })])
  })

  test('happens once: then the transaction is closed, for changes too', async () => {
    const { open, store } = place()
    const transaction = (await open()).addDeltaLog(deltaLogOf('d'))
    const running = transaction.commit()
    const during = await Promise.all([
      rejection(() => transaction.commit()),
      rejection(() => transaction.dropColumn('x')),
    ])
    expect(during.map(({ code }) => code)).toEqual(['Closed', 'Closed'])
    expect((await running).version).toBe(1)
    expect((await rejection(() => transaction.commit())).code).toBe('Closed')
    expect((await rejection(() => transaction.dropIndex(1n))).code).toBe('Closed')
    expect(await store.versions()).toEqual([1])
    expect(transaction.manifest).toEqual(EMPTY_MANIFEST)
  })

  test('options and changes that are none', async () => {
    const { open } = place()
    const bad = async (more: object) => (await rejection(() => open(more))).message
    expect(await bad({ retry: 3 })).toMatch(/received "retry"/)
    expect(await bad({ resolver: 'merg' })).toMatch(/'fail' \| 'overwrite' \| 'merge' for resolver/)
    expect(await bad({ version: -2 })).toMatch(/>= -1 for version/)
    const transaction = await open()
    const messages = [
      () => transaction.dropIndex(0n),
      () => transaction.appendFiles([]),
      () => transaction.appendFiles([{ ...groupOf('a', { b: 1 }), columns: ['a', 'a'] }]),
      () =>
        transaction.addColumnGroup({
          ...groupOf('a', {}),
          files: [{ ...fileOf('b', 1), startIndex: 2 }],
        }),
      () => transaction.addDeltaLog({ ...deltaLogOf('d'), type: 'positionl' as 'positional' }),
      () => transaction.addIndex({ ...indexOf('a', 1n), numRows: -1 }),
    ].map(async (record) => (await rejection(record)).message)
    expect(await Promise.all(messages)).toEqual([
      expect.stringContaining('the id of an index for indexId'),
      expect.stringContaining('at least one group for groups'),
      expect.stringContaining('different columns for groups[0].columns'),
      expect.stringContaining('an integer >= 2 for group.files[0].endIndex'),
      expect.stringContaining('for log.type'),
      expect.stringContaining('for index.numRows'),
    ])
    expect((await rejection(() => open({ version: 4 }))).code).toBe('NotFound')
  })
})

describe('others commit, too', () => {
  test('case 60 opened at 3 of 5, overwrite commits 6: version 3 with the changes', async () => {
    const { open, append, store } = place()
    for (const name of ['a', 'b', 'c', 'd', 'e']) await append(name)
    const transaction = await open({ version: 3, resolver: 'overwrite' })
    const { version, manifest } = await transaction.appendFiles([groupOf('id', { x: 1 })]).commit()
    expect([version, namesOf(manifest)]).toEqual([6, ['a', 'b', 'c', 'x']])
    expect(namesOf(await store.read(5))).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  test('case 61 a corrupt manifest-2 is in nobody’s way who need not read it', async () => {
    const { open, append, store, chunkManager } = place()
    await append('a')
    const [failing, overwriting, merging] = await Promise.all(
      (['fail', 'overwrite', 'merge'] as const).map(async (resolver) =>
        (await open({ version: 1, resolver })).addDeltaLog(deltaLogOf('d')),
      ),
    )
    await chunkManager.write(
      `${BASE}/_metadata/manifest-2.avro`,
      Buffer.from('Obj\x01 no manifest'),
    )
    const refused = await rejection(() => failing!.commit())
    expect([refused.code, refused.retryable]).toEqual(['Conflict', true])
    expect(refused.message).toMatch(/version 1, .* received 2 of a concurrent transaction$/)
    const unread = await rejection(() => merging!.commit())
    expect([unread.code, unread.path]).toEqual([
      'MetadataCorrupted',
      `${BASE}/_metadata/manifest-2.avro`,
    ])
    expect((await rejection(() => open())).code).toBe('MetadataCorrupted')
    expect((await overwriting!.commit()).version).toBe(3)
    expect((await store.read(3)).deltaLogs).toEqual([deltaLogOf('d')])
    expect((await append('b')).version).toBe(4)
  })

  test('case 62 of many committers of one version, whose changes are the same, one wins', async () => {
    const { append, open, elsewhere, store } = place()
    await append('a')
    const all = await Promise.all(
      Array.from({ length: 12 }, async (_, at) =>
        (await open(at % 2 === 0 ? {} : elsewhere())).addDeltaLog(deltaLogOf('same')),
      ),
    )
    const outcomes = await Promise.allSettled(all.map((transaction) => transaction.commit()))
    const codes = outcomes.map((one) => (one.status === 'fulfilled' ? 'won' : one.reason.code))
    expect(codes.sort()).toEqual([...Array(11).fill('Conflict'), 'won'].sort())
    expect(await store.versions()).toEqual([1, 2])
    expect((await store.read(2)).deltaLogs).toEqual([deltaLogOf('same')])
  })

  test('merging goes on where failing gives up', async () => {
    const { open, append, elsewhere } = place()
    await append('a')
    const merging = (await open({ resolver: 'merge' })).appendFiles([groupOf('id', { b: 1 })])
    const dropping = (await open({ resolver: 'merge' })).dropColumn('id')
    await append('c', elsewhere())
    expect(namesOf((await merging.commit()).manifest)).toEqual(['a', 'c', 'b'])
    expect(await rejection(() => dropping.commit())).toMatchObject({
      code: 'Conflict',
      field: 'id',
    })
  })

  test('who is always slower has no tries left, or as many as he is given', async () => {
    const { open, overtake, overtaken, store } = place()
    const attempt = async (retryLimit: number, resolver: 'fail' | 'merge') =>
      (await open({ resolver, retryLimit })).addDeltaLog(deltaLogOf(resolver)).commit()
    overtake(2)
    const error = await rejection(() => attempt(1, 'merge'))
    expect([error.code, error.retryable, overtaken()]).toEqual(['RetriesExhausted', true, 2])
    expect(error.message).toMatch(/in 2 attempts .* version 2 /)
    overtake(2)
    expect(await attempt(2, 'merge')).toMatchObject({
      version: 5,
      manifest: { deltaLogs: [deltaLogOf('merge')] },
    })
    // Whoever fails on others is told so by the second look.
    overtake(1)
    expect((await rejection(() => attempt(1, 'fail'))).code).toBe('Conflict')
    overtake(1)
    expect((await rejection(() => attempt(0, 'fail'))).code).toBe('RetriesExhausted')
    expect(await store.latest()).toBe(7)
  })
})
