/**
 * node bench/manifest-appends.mjs [--appends 10000] [--store local|versitygw]: one
 * manifest that files are appended to, commit by commit; a line per tenth of them: ms per commit
 * (open, append, commit), bytes of the newest manifest, ms to open it with nothing known.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import {
  LocalChunkManager,
  ManifestStore,
  ManifestTransaction,
  RemoteChunkManager,
} from '../dist/esm/index.js'
import { startSlowStore, storageAt } from './slow-store.mjs'

const LINES = 10
const { values } = parseArgs({
  options: {
    appends: { type: 'string', default: '10000' },
    store: { type: 'string', default: 'local' },
  },
})
const appends = Number(values.appends)
const build = join(dirname(dirname(fileURLToPath(import.meta.url))), 'build')
mkdirSync(build, { recursive: true })
const home = mkdtempSync(join(build, 'manifest-appends-'))
const basePath = 'files/insert_log/1/2/3'

/** Chunk managers over the same place, and its folder. */
async function place() {
  if (values.store === 'local') {
    const rootPath = join(home, 'local')
    return { open: () => new LocalChunkManager({ rootPath }), folder: rootPath, stop: () => {} }
  }
  const { direct, folder, stop } = await startSlowStore(home, 0)
  const storage = storageAt(direct)
  return { open: () => RemoteChunkManager.open({ storage }), folder, stop }
}

/** One group, so that a version has one file more than the one before. */
function groups(number) {
  const path = `${basePath}/_data/0_${crypto.randomUUID()}.parquet`
  const properties = { file_size: String(1_000_000 + number), footer_size: '4321' }
  const file = { path, startIndex: 0, endIndex: 1000 + (number % 7), properties }
  return [{ columns: ['RowID', 'Timestamp', 'id', 'vector'], format: 'parquet', files: [file] }]
}

const sum = (list) => list.reduce((total, value) => total + value, 0)
const quantile = (list, q) => [...list].sort((a, b) => a - b)[Math.floor(q * (list.length - 1))]

const { open, folder, stop } = await place()
try {
  const chunkManager = await open()
  console.log(
    '| versions | ms per commit | median | 99 % | manifest KiB | bytes per file | ms to open anew |',
  )
  console.log('|---|---|---|---|---|---|---|')
  let times = []
  for (let number = 1; number <= appends; number += 1) {
    const start = performance.now()
    const transaction = await ManifestTransaction.open({ chunkManager, basePath })
    const { version } = await transaction.appendFiles(groups(number)).commit()
    times.push(performance.now() - start)
    if (version !== number) throw new Error(`Expected version ${number} but received ${version}`)
    if (number % Math.ceil(appends / LINES) !== 0) continue
    const { size } = await stat(join(folder, basePath, '_metadata', `manifest-${number}.avro`))
    const fresh = new ManifestStore(await open(), basePath)
    const opening = performance.now()
    const { manifest } = await fresh.open()
    const openMs = performance.now() - opening
    const files = sum(manifest.columnGroups.map((group) => group.files.length))
    const cells = [
      number,
      (sum(times) / times.length).toFixed(2),
      quantile(times, 0.5).toFixed(2),
      quantile(times, 0.99).toFixed(2),
      (size / 1024).toFixed(0),
      (size / files).toFixed(0),
      openMs.toFixed(0),
    ]
    console.log(`| ${cells.join(' | ')} |`)
    times = []
  }
} finally {
  await stop()
  rmSync(home, { recursive: true, force: true })
}
