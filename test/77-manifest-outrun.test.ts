/** A commit that hung while others committed, and expired the very version that it makes. */
import { utimesSync } from 'node:fs'
import { join } from 'node:path'
import { groupOf } from './support/manifest-parts.js'
import { manifestPlace, namesOf } from './support/manifest-place.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const ROOT = temporaryDirectory('manifest-outrun')
const MINUTE_MS = 60_000

/** What time does to a commit that hangs before its write. */
function hang(forMs: number): void {
  const now = performance.now.bind(performance)
  jest.spyOn(performance, 'now').mockImplementation(() => now() + forMs)
}

afterEach(() => jest.restoreAllMocks())

/** A folder where others commit versions 2 to 4 and expire 1 and 2 while a commit of 2 hangs. */
async function outrun(name: string, replacedMs: number) {
  const place = manifestPlace(join(ROOT, name))
  await place.append('first')
  const late = (await place.open({ resolver: 'merge' })).appendFiles([groupOf('id', { late: 1 })])
  const others = manifestPlace(join(ROOT, name))
  let hung = false
  place.chunkManager.before = async () => {
    if (hung) return
    hung = true
    for (const other of ['b', 'c', 'd']) await others.append(other)
    const seconds = (Date.now() - replacedMs) / 1000
    for (const version of [3, 4]) {
      utimesSync(join(place.metadata, `manifest-${version}.avro`), seconds, seconds)
    }
    await others.store.remove(1)
    await others.store.remove(2)
    hang(2 * MINUTE_MS)
  }
  return { late, others }
}

test('it is refused and taken back, and may be tried again', async () => {
  const { late, others } = await outrun('refused', 2 * MINUTE_MS)
  const error = await rejection(() => late.commit())
  expect(error).toMatchObject({ code: 'Conflict', retryable: true })
  expect(error.message).toMatch(/version 2 .* up to 4 and expired it/)
  expect(await others.store.versions()).toEqual([3, 4])
  const { version, manifest } = await late.commit()
  expect([version, namesOf(manifest)]).toEqual([5, ['first', 'b', 'c', 'd', 'late']])
})

test('one that only took long is what it is, also with newer ones behind it', async () => {
  const place = manifestPlace(join(ROOT, 'slow'))
  await place.append('first')
  const late = (await place.open()).appendFiles([groupOf('id', { late: 1 })])
  place.chunkManager.before = async () => hang(2 * MINUTE_MS)
  expect((await late.commit()).version).toBe(2)
  jest.restoreAllMocks()
  place.chunkManager.before = async () => {}
  expect((await place.append('next')).version).toBe(3)
  expect(await place.store.versions()).toEqual([1, 2, 3])
})
