/** Damaged files end in data or a PackedError: never in a crash, a hang or unbounded memory. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PACKED_ERROR_CODES } from '../../lib/index.js'
import { outcomeOf, startScript } from '../support/child.js'
import { FIXTURES, hasLoon } from '../support/fixtures.js'
import { pythonEnvironment } from '../support/python.js'
import { temporaryDirectory } from '../support/temporary.js'

const SEED = 20240229
const COUNT = process.env.ARROW_PACKED_LONG === '1' ? 30_000 : 3000
const MINUTES = process.env.ARROW_PACKED_LONG === '1' ? 40 : 8
const PEAK_BYTES = 1.5 * 2 ** 30
const GROWTH_BYTES = 256 << 20
/** Sanitizers reserve more addresses than this and keep what was freed. */
const IS_SANITIZED = (process.env.LD_PRELOAD ?? '').includes('asan')
const ADDRESS_SPACE = `ulimit -v ${12 * 2 ** 20}`
const KEPT = join(__dirname, '..', '..', 'build', 'damaged-files')
const SUPPORT = join(__dirname, '..', 'support', 'fuzz')

type Outcomes = Record<string, string>
interface Case {
  index: number
  subject: string
  file: string
  kind: string
  outcomes: Outcomes
}
interface Memory {
  poolBytes: number
  before: number
  lentBytes: number
  borrowedBytes: number
  pending: number
  anonymousBytes: number
}
interface Run {
  corpus: { name: string; files: string[] }[]
  whole: Record<string, Outcomes>
  places: Record<string, Outcomes>
  cases: Case[]
  memory: Memory[]
  last: { done?: true; peakBytes: number; path?: string; start?: number; hang?: unknown }
  code: number | null
  signal: string | null
}

/** Nothing else is said of a damaged file, and nothing of this that a caller should try again. */
const ALLOWED: readonly string[] = [
  'data',
  ...PACKED_ERROR_CODES.filter((code) =>
    /Invalid|Mismatch|Unsupported|NotSupported|Corrupted|Encryption|NotFound|OutOfMemory/.test(
      code,
    ),
  ),
]

const directory = temporaryDirectory('mutated')
let run: Run

/** What pyarrow writes and our writer does not; none, and a printed omission, without pyarrow. */
function foreignFiles(): string {
  const home = join(directory, 'foreign')
  mkdirSync(home)
  const script = join(SUPPORT, 'foreign_files.py')
  const made = spawnSync('python3', [script, home], { env: pythonEnvironment(), encoding: 'utf8' })
  if (made.status === 0) return home
  if (process.env.CI === 'true') throw new Error(`Expected files of pyarrow but ${made.stderr}`)
  process.stderr.write(`NOT RUN (no pyarrow: ${made.stderr}): damaged files of other writers\n`)
  return ''
}

function linesWith<T>(lines: unknown[], key: string): T[] {
  return lines.filter((line) => Object.hasOwn(line as object, key)) as T[]
}

beforeAll(
  async () => {
    const fixtures = hasLoon('damaged files of Milvus') ? FIXTURES : ''
    const args = [directory, SEED, 0, COUNT, fixtures, foreignFiles()].map(String)
    const limits = IS_SANITIZED ? {} : { shell: ADDRESS_SPACE }
    const child = startScript(join('fuzz', 'read-mutated.cjs'), args, limits)
    const { code, signal, lines } = await outcomeOf(child, MINUTES * 60_000)
    const whole = linesWith<{ whole: string; outcomes: Outcomes }>(lines, 'whole')
    const places = linesWith<{ place: string; outcomes: Outcomes }>(lines, 'place')
    run = {
      corpus: linesWith<Pick<Run, 'corpus'>>(lines, 'corpus')[0]?.corpus ?? [],
      whole: Object.fromEntries(whole.map(({ whole, outcomes }) => [whole, outcomes])),
      places: Object.fromEntries(places.map(({ place, outcomes }) => [place, outcomes])),
      cases: linesWith<Case>(lines, 'index').filter(({ outcomes }) => outcomes !== undefined),
      memory: linesWith<{ memory: Memory }>(lines, 'memory').map(({ memory }) => memory),
      last: lines.at(-1) as Run['last'],
      code,
      signal,
    }
  },
  MINUTES * 60_000 + 30_000,
)

/** How the case is made again. */
const again = (index: number) =>
  `node test/support/fuzz/read-mutated.cjs $(mktemp -d) ${SEED} ${index} ${index + 1} ` +
  '<fixtures> <files of foreign_files.py>'

test('no crash and no hang', () => {
  const { last, code, signal } = run
  // What the last line speaks of is damaged still.
  if (last?.path !== undefined && last.start !== undefined) {
    copyFileSync(last.path, join(KEPT, `${last.start}-${basename(last.path)}`))
    process.stderr.write(`kept in ${KEPT}; again: ${again(last.start)}\n`)
  }
  expect({ code, signal, last }).toEqual({
    code: 0,
    signal: null,
    last: { done: true, peakBytes: expect.any(Number) },
  })
})

test(`${COUNT} damaged files are data or a PackedError (seed ${SEED})`, () => {
  const wrong = run.cases.filter(({ outcomes }) =>
    Object.values(outcomes).some((outcome) => !ALLOWED.includes(outcome)),
  )
  expect(wrong.map((one) => ({ ...one, again: again(one.index) }))).toEqual([])
  expect(run.cases.length).toBe(COUNT)
})

test('every file of every subject was damaged, and files are refused and read', () => {
  const damaged = new Set(run.cases.map(({ subject, file }) => `${subject}: ${file}`))
  const files = run.corpus.flatMap(({ name, files }) => files.map((file) => `${name}: ${file}`))
  expect(files.filter((file) => !damaged.has(file))).toEqual([])
  expect(files.length).toBeGreaterThan(100)
  const kinds = new Set(run.cases.map(({ kind }) => kind))
  expect(kinds.size).toBeGreaterThan(40)
  const outcomes = run.cases.flatMap((one) => Object.values(one.outcomes))
  expect(outcomes.filter((outcome) => outcome === 'data').length).toBeGreaterThan(COUNT / 10)
  expect(outcomes.filter((outcome) => /Corrupted/.test(outcome)).length).toBeGreaterThan(COUNT / 2)
})

/** Doors that do not fit the first file of a subject, or its lack of columns. */
const MISFITS: Record<string, string[]> = {
  'foreign, no-columns.parquet': ['rows', 'windows'],
  'binlogs of V1': ['rows'],
}

test('whole files are read by every door', () => {
  expect(Object.keys(run.whole)).toEqual(run.corpus.map(({ name }) => name))
  for (const [subject, outcomes] of Object.entries(run.whole)) {
    const misfits = [...(MISFITS[subject] ?? []), 'log', 'manifest, decode']
    const fits = Object.entries(outcomes).filter(([door]) => !misfits.includes(door))
    expect([subject, fits]).toEqual([subject, fits.map(([door]) => [door, 'data'])])
  }
})

test('what is no regular file, or not to be read, is refused at once', () => {
  const refused = (code: string) => new Set([code])
  const codes = (place: string) => new Set(Object.values(run.places[place] ?? {}))
  for (const place of ['directory', 'below a file', 'link to itself', 'name too long']) {
    expect([place, codes(place)]).toEqual([place, refused('InvalidArgument')])
  }
  for (const place of ['FIFO', 'device of zeros', 'device of nothing']) {
    expect([place, codes(place)]).toEqual([place, refused('InvalidArgument')])
  }
  expect(codes('missing')).toEqual(refused('NotFound'))
  expect(codes('link to nothing')).toEqual(refused('NotFound'))
  expect(codes('no permission')).toEqual(refused('PermissionDenied'))
  expect([...codes('socket')].sort()).toEqual(['InvalidArgument', 'StorageIO'])
  // It says that it has no bytes.
  expect(run.places['file of the kernel']).toMatchObject({ read: 'FileCorrupted', chunk: 'data' })
})

test('memory is given back after every hundred, and never much', () => {
  expect(run.memory.length).toBe(COUNT / 100)
  for (const { poolBytes, before, lentBytes, borrowedBytes, pending } of run.memory) {
    expect([poolBytes, lentBytes, borrowedBytes, pending]).toEqual([before, 0, 0, 0])
  }
  if (IS_SANITIZED) return
  expect(run.last.peakBytes).toBeLessThan(PEAK_BYTES)
  const [first, last] = [run.memory[0]!, run.memory.at(-1)!]
  expect(last.anonymousBytes - first.anonymousBytes).toBeLessThan(GROWTH_BYTES)
})
