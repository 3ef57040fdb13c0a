/**
 * node read-mutated.cjs <directory> <seed> <first> <end> [fixtures] [foreign]: make the
 * corpus below the directory, damage one file of it in cases `first` to `end` (exclusive), read it
 * by some of its doors, and print a JSON line before and after each. A crash or a hang thus names its
 * case, which makes the same damage again wherever the run starts (but for encrypted files, whose bytes
 * are never the same); the file of a last case stays as it was. With ARROW_PACKED_FUZZ_VERBOSE=1
 * errors are printed in full.
 *
 * Lines: `{ corpus }`, `{ whole, outcomes }` per subject, `{ place, outcomes }`, `{ start, path }` and
 * `{ index, subject, file, kind, outcomes }` per case, `{ memory }`, `{ hang }`, `{ done }`; outcomes
 * are `data` or a code by door. Runs under sanitizers too (ARROW_PACKED_ADDON).
 */
const fs = require('node:fs')
const { basename, join } = require('node:path')
const { setImmediate: turn } = require('node:timers/promises')
const { setFlagsFromString } = require('node:v8')
const { runInNewContext } = require('node:vm')
// Arrow's own allocator hides from a sanitizer where its blocks end. Before Arrow is loaded.
if ((process.env.LD_PRELOAD ?? '').includes('asan')) {
  process.env.ARROW_DEFAULT_MEMORY_POOL = 'system'
}
const { isPackedError, memoryUsage } = require('../packed.cjs')
const { Random } = require('../random.cjs')
const { makeCorpus } = require('./corpus.cjs')
const { damage } = require('./mutate.cjs')
const { checkPlaces } = require('./odd-places.cjs')

const CALL_TIMEOUT_MS = 30_000
const VERBOSE = process.env.ARROW_PACKED_FUZZ_VERBOSE === '1'
const CASES_A_CHECK = 100
const MOST_TURNS = 300

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')

/** Files that ended in what no file may end in. */
const KEPT = join(__dirname, '..', '..', '..', 'build', 'damaged-files')

const [directory, seed, first, end, fixtures, foreign] = process.argv.slice(2)

function say(line) {
  fs.writeSync(1, `${JSON.stringify(line)}\n`)
}

/** A case is the same whatever was before it. */
const randomOf = (index) => new Random(Math.imul(Number(seed) + index, 0x9e3779b1))

/**
 * `data`, the code of a PackedError, or `unexpected …`, which no file may end in. What hangs ends the
 * process.
 */
async function outcomeOf(action, about) {
  const timer = setTimeout(() => {
    say({ hang: about })
    process.kill(process.pid, 'SIGKILL') // exit would wait for a thread that hangs
  }, CALL_TIMEOUT_MS)
  try {
    await action()
    return 'data'
  } catch (error) {
    if (VERBOSE) console.error(about, error)
    return isPackedError(error) ? error.code : `unexpected ${error?.stack ?? error}`
  } finally {
    clearTimeout(timer)
  }
}

/** By renaming: what is mapped must not be cut. */
function replaceFile(path, bytes) {
  fs.writeFileSync(`${path}.new`, bytes)
  fs.renameSync(`${path}.new`, path)
}

/** Read a subject by these doors. */
async function readBy(doors, context) {
  const outcomes = {}
  for (const [name, door] of doors) {
    outcomes[name] = await outcomeOf(async () => door(context), {
      file: context.broken,
      door: name,
    })
  }
  return outcomes
}

function someDoors(doors, random) {
  const [one, ...others] = Object.entries(doors).sort(() => random.next() - 0.5)
  return others.length === 0 ? [one] : [one, others[0]]
}

/** Subjects and their files take turns. */
function victimOf(corpus, index) {
  const subject = corpus[index % corpus.length]
  const round = Math.floor(index / corpus.length)
  return { subject, file: subject.files[round % subject.files.length] }
}

async function checkCase(corpus, index) {
  const random = randomOf(index)
  const { subject, file } = victimOf(corpus, index)
  const path = join(subject.root, file)
  const whole = fs.readFileSync(path)
  const foreigner = random.pick(corpus)
  const other = fs.readFileSync(join(foreigner.root, random.pick(foreigner.files)))
  const { kind, damaged } = damage(whole, random, other.length >= 16 ? other : whole)
  say({ start: index, subject: subject.name, file, kind, path })
  replaceFile(path, damaged)
  const context = { subject, root: subject.root, file, broken: path, random }
  const outcomes = await readBy(someDoors(subject.doors, random), context)
  const isBad = Object.values(outcomes).some((outcome) => /^unexpected|^Internal/.test(outcome))
  if (isBad) fs.copyFileSync(path, join(KEPT, `${index}-${basename(file)}`))
  say({ index, subject: subject.name, file, kind, outcomes })
  replaceFile(path, whole)
}

/** Every subject as it is, by every door: each by chances of its own, so that no door changes another's. */
async function checkWhole(corpus) {
  for (const subject of corpus) {
    const [file] = subject.files
    const whole = { subject, root: subject.root, file, broken: join(subject.root, file) }
    const outcomes = {}
    for (const door of Object.entries(subject.doors)) {
      Object.assign(outcomes, await readBy([door], { ...whole, random: randomOf(0) }))
    }
    say({ whole: subject.name, outcomes })
  }
}

/** What the library holds when everything that was read has been dropped. */
async function heldBytes(least) {
  for (let i = 0; i < MOST_TURNS; i++) {
    collect()
    await turn()
    const { poolBytes, lentBytes } = memoryUsage()
    if (poolBytes <= least && lentBytes === 0) break
  }
  const { poolBytes, lentBytes, borrowedBytes, pending, poolPeakBytes } = memoryUsage()
  return { poolBytes, lentBytes, borrowedBytes, pending, poolPeakBytes }
}

function anonymousBytes() {
  const [, kilobytes] = /RssAnon:\s+(\d+) kB/.exec(fs.readFileSync('/proc/self/status', 'utf8'))
  return Number(kilobytes) * 1024
}

async function main() {
  fs.mkdirSync(KEPT, { recursive: true })
  const corpus = await makeCorpus(directory, { fixtures, foreign })
  say({ corpus: corpus.map(({ name, files }) => ({ name, files })) })
  await checkWhole(corpus)
  for await (const place of checkPlaces(corpus[0], directory, outcomeOf)) say(place)
  const { poolBytes } = await heldBytes(0)
  for (let index = Number(first); index < Number(end); index++) {
    await checkCase(corpus, index)
    if ((index + 1) % CASES_A_CHECK === 0 || index + 1 === Number(end)) {
      const memory = await heldBytes(poolBytes)
      say({ memory: { ...memory, before: poolBytes, anonymousBytes: anonymousBytes(), index } })
    }
  }
  say({ done: true, peakBytes: process.resourceUsage().maxRSS * 1024 })
}

main()
