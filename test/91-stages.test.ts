/** The moments at which files are half there: what a crash test kills at. */

import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { PackedWriter } from '../lib/packed/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { NUMBERED_SCHEMA, numberedBatch } from './support/numbered-rows.cjs'
import { temporaryDirectory } from './support/temporary.js'

interface Seen {
  stage: string
  path?: string
  paths?: string[]
}

/** The stages published while `work` runs, each with what `look` gives at that moment. */
async function stagesOf<T>(
  names: string[],
  look: () => T,
  work: () => Promise<unknown>,
): Promise<(Seen & { look: T })[]> {
  const seen: (Seen & { look: T })[] = []
  const listener = (message: unknown): void => {
    seen.push({ ...(message as Seen), look: look() })
  }
  const channels = names
    .flatMap((name) => [`${name}.before`, `${name}.after`])
    .map((name) => `arrow-packed:${name}`)
  for (const channel of channels) subscribe(channel, listener)
  try {
    await work()
  } finally {
    for (const channel of channels) unsubscribe(channel, listener)
  }
  return seen
}

const directory = temporaryDirectory('stages')

test.each([false, true])('an object is written, then renamed (fsync %s)', async (fsync) => {
  const chunkManager = new LocalChunkManager({ rootPath: join(directory, `fsync-${fsync}`), fsync })
  const path = chunkManager.path('a/b')
  const seen = await stagesOf(
    ['file.write', 'file.rename'],
    () => existsSync(path),
    () => chunkManager.write('a/b', Buffer.from('content')),
  )
  expect(seen).toEqual([
    { stage: 'file.write.before', path, look: false },
    { stage: 'file.write.after', path, look: false },
    { stage: 'file.rename.before', path, look: false },
    { stage: 'file.rename.after', path, look: true },
  ])
})

test('column groups are published together', async () => {
  const groups = ['pk', 'rest'].map((name, id) => ({
    id,
    path: join(directory, name),
    fields: id === 0 ? ['pk'] : ['text', 'embedding'],
  }))
  const paths = groups.map(({ path }) => path)
  const writer = await PackedWriter.open({ schema: NUMBERED_SCHEMA, groups })
  await writer.write(numberedBatch(0, 0, 100))
  const seen = await stagesOf(
    ['packed.publish'],
    () => paths.map((path) => existsSync(path)),
    () => writer.finish(),
  )
  expect(seen).toEqual([
    { stage: 'packed.publish.before', paths, look: [false, false] },
    { stage: 'packed.publish.after', paths, look: [true, true] },
  ])
})
