/** Commits that are aborted, and the readable copy of those that are not. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { decodeManifestJson, ManifestStore } from '../lib/manifest/index.js'
import { type ChunkManager, LocalChunkManager } from '../lib/storage/index.js'
import { reasonOf } from './support/chunks.js'
import { BASE, deltaLogOf } from './support/manifest-parts.js'
import { manifestPlace, namesOf } from './support/manifest-place.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const ROOT = temporaryDirectory('manifest-transaction-ends')
let places = 0

function place() {
  places += 1
  return manifestPlace(join(ROOT, String(places)))
}

describe('aborted', () => {
  test('before and between attempts: the reason, and no version', async () => {
    const { open, overtake, overtaken, chunkManager, store } = place()
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    expect(await reasonOf(open({ signal }))).toBe(reason)
    const transaction = (await open({ resolver: 'merge', retryLimit: 1e6 })).addDeltaLog(
      deltaLogOf('d'),
    )
    expect(await reasonOf(transaction.commit({ signal }))).toBe(reason)
    const later = new AbortController()
    overtake(Number.POSITIVE_INFINITY)
    setTimeout(() => later.abort(reason), 50)
    expect(await reasonOf(transaction.commit({ signal: later.signal }))).toBe(reason)
    chunkManager.before = async () => {}
    const before = await store.versions()
    expect(before).toHaveLength(overtaken())
    await sleep(30)
    expect(await store.versions()).toEqual(before)
    // What was refused may be tried again.
    expect((await transaction.commit()).version).toBe(before.length + 1)
  })

  test('while the version is written: it is there, and the caller has it', async () => {
    const { open, chunkManager, store } = place()
    const controller = new AbortController()
    chunkManager.before = async () => controller.abort(new Error('too late'))
    const transaction = (await open()).addDeltaLog(deltaLogOf('d'))
    expect((await transaction.commit({ signal: controller.signal })).version).toBe(1)
    expect(await store.versions()).toEqual([1])
  })
})

describe('manifest.json', () => {
  const jsonOf = (chunkManager: ChunkManager) => join(chunkManager.rootPath, BASE, 'manifest.json')

  test('says after each commit what the manifest says', async () => {
    const { append, chunkManager, store } = place()
    await append('a', { json: true })
    await append('b', { json: true })
    await append('c')
    const text = readFileSync(jsonOf(chunkManager), 'utf8')
    expect(decodeManifestJson(text, BASE)).toEqual({ version: 2, manifest: await store.read(2) })
  })

  test('is the manifest where the folder has none', async () => {
    const { append, chunkManager, store, open } = place()
    await append('a', { json: true })
    await append('b', { json: true })
    await chunkManager.removeWithPrefix(`${BASE}/_metadata/`)
    const elsewhere = new ManifestStore(
      new LocalChunkManager({ rootPath: chunkManager.rootPath }),
      BASE,
    )
    const { version, manifest } = await elsewhere.open()
    expect([version, namesOf(manifest)]).toEqual([2, ['a', 'b']])
    expect((await rejection(() => elsewhere.read(1))).code).toBe('NotFound')
    expect((await append('c')).version).toBe(3)
    expect(namesOf((await open()).manifest)).toEqual(['a', 'b', 'c'])
    // Now there are manifests, of which 2 is none.
    expect((await rejection(() => elsewhere.read(2))).code).toBe('NotFound')
    expect(await store.versions()).toEqual([3])
  })

  test('that cannot be written does not take a commit back', async () => {
    const { append, chunkManager, store } = place()
    await append('a')
    mkdirSync(jsonOf(chunkManager), { recursive: true })
    const made = await append('b', { json: true })
    expect(made).toMatchObject({ version: 2, jsonFailure: { path: `${BASE}/manifest.json` } })
    expect(await store.latest()).toBe(2)
  })
})
