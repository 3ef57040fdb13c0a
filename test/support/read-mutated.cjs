/**
 * node read-mutated.cjs <directory> <seed> <count> [fixtures]: damage files in every way of
 * mutations.cjs, read each, and print one JSON line before and one after each. A crash or a hang
 * thus names its file. Runs under sanitizers too (ARROW_PACKED_ADDON).
 */
const fs = require('node:fs')
const { join } = require('node:path')
const { PackedReader, PackedWriter, inspectFile, isPackedError } = require('./packed.cjs')
const { MUTATIONS } = require('./mutations.cjs')
const { NUMBERED_SCHEMA, numberedBatch } = require('./numbered-rows.cjs')
const { Random } = require('./random.cjs')

const FILE_TIMEOUT_MS = 20_000
const KEY = Buffer.from('footer_key_16B__')
const keyRetriever = () => KEY

const [directory, seed, count, fixtures] = process.argv.slice(2)
const random = new Random(Number(seed))

function say(line) {
  fs.writeSync(1, `${JSON.stringify(line)}\n`)
}

/** One set of files of ours: two groups, several row groups each. */
async function writeOwn(name, options) {
  const home = join(directory, name)
  const groups = [
    { id: 0, path: join(home, '0'), fields: ['pk', 'text'] },
    { id: 102, path: join(home, '102'), fields: ['embedding'] },
  ]
  const writer = await PackedWriter.open({ schema: NUMBERED_SCHEMA, groups, ...options })
  for (let first = 0; first < 1200; first += 300) await writer.write(numberedBatch(1, first, 300))
  await writer.finish()
  return groups.map(({ path }) => path)
}

/** Sets of real files: `<case>.cg<group>.parquet`. */
function fixtureSets() {
  if (fixtures === undefined || !fs.existsSync(fixtures)) return []
  const sets = new Map()
  for (const name of fs
    .readdirSync(fixtures)
    .filter((file) => file.endsWith('.parquet'))
    .sort()) {
    const set = name.replace(/\.cg\d+\.parquet$/, '')
    sets.set(set, [...(sets.get(set) ?? []), join(fixtures, name)])
  }
  return [...sets.values()]
}

/** Look at values of each column: damage must not surface later. */
function lookAt(batch) {
  for (let column = 0; column < batch.numCols; column++) {
    const values = batch.getChildAt(column)
    for (let row = 0; row < values.length; row += 1 + random.below(64)) values.get(row)
  }
}

/** Read some rows by position or every batch. */
async function readAll(options) {
  const byPosition = random.next() < 0.3
  const reader = await PackedReader.open(options)
  let rows = 0
  try {
    if (byPosition && reader.numRows > 0) {
      const positions = Array.from({ length: 20 }, () => random.below(reader.numRows))
      lookAt(await reader.take(positions))
      const { group, index } = random.pick(reader.rowGroups)
      lookAt(await reader.readRowGroup({ group, index }))
    }
    for await (const batch of reader) {
      rows += batch.numRows
      lookAt(batch)
    }
  } finally {
    await reader.close()
  }
  return rows
}

function timeLimit() {
  let timer
  const expired = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('hang')), FILE_TIMEOUT_MS)
  })
  return { expired, clear: () => clearTimeout(timer) }
}

/** `data`, the code of a PackedError, or `unexpected …`, which no file may end in. */
async function outcomeOf(action) {
  const limit = timeLimit()
  try {
    await Promise.race([action(), limit.expired])
    return 'data'
  } catch (error) {
    return isPackedError(error) ? error.code : `unexpected ${error?.stack ?? error}`
  } finally {
    limit.clear()
  }
}

function readOptions(paths) {
  return {
    paths,
    keyRetriever,
    lenient: random.next() < 0.3,
    mmap: random.next() < 0.2,
    copy: random.next() < 0.3,
    bufferBytes: random.pick([0, 1, 65536, 256 << 20]),
    vectors: random.pick(['fixed_size_binary', 'fixed_size_list']),
  }
}

async function check(kind, paths, broken, options = { paths, keyRetriever }) {
  say({ start: kind })
  const read = await outcomeOf(() => readAll(options))
  const inspect = await outcomeOf(() => inspectFile(broken, { keyRetriever }))
  say({ kind, read, inspect })
}

async function checkMutation(kind, sets) {
  const set = random.pick(sets)
  const victim = random.below(set.length)
  const other = fs.readFileSync(random.pick(random.pick(sets)))
  const broken = join(directory, 'broken.parquet')
  fs.writeFileSync(broken, MUTATIONS[kind](fs.readFileSync(set[victim]), random, other))
  const alone = random.next() < 0.3
  const paths = alone ? [broken] : set.map((path, i) => (i === victim ? broken : path))
  await check(kind, paths, broken, readOptions(paths))
}

/** Paths that are no readable files. */
async function checkPaths(set) {
  await check('directory', [directory, ...set.slice(1)], directory)
  const missing = join(directory, 'missing')
  await check('missing', [missing, ...set.slice(1)], missing)
  const below = join(set[0], 'below')
  await check('below a file', [below], below)
  const locked = join(directory, 'locked')
  fs.copyFileSync(set[0], locked)
  fs.chmodSync(locked, 0)
  const root = process.geteuid() === 0
  if (root) process.seteuid(65534) // root may read everything
  try {
    await check('no permission', [locked], locked)
  } finally {
    if (root) process.seteuid(0)
  }
}

async function main() {
  const encryption = { key: KEY, keyMetadata: 'a key' }
  const own = [
    await writeOwn('dictionary', { rowGroupBytes: 8192 }),
    await writeOwn('snappy', { rowGroupBytes: 16384, compression: 'snappy', vectors: 'zstd' }),
    await writeOwn('stored', { compression: 'uncompressed' }),
    await writeOwn('encrypted', { encryption, rowGroupBytes: 8192 }),
    await writeOwn('pages in CTR', { encryption: { ...encryption, algorithm: 'AES_GCM_CTR_V1' } }),
  ]
  const sets = [...own, ...fixtureSets()]
  for (const set of sets) await check('intact', set, set[0])
  await checkPaths(own[0])
  const kinds = Object.keys(MUTATIONS)
  for (let i = 0; i < Number(count); i++) await checkMutation(kinds[i % kinds.length], sets)
  say({ done: true, peakBytes: process.resourceUsage().maxRSS * 1024 })
}

main()
