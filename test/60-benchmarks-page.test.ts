import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from './support/temporary.js'

const PAGE = join(__dirname, '..', 'bench', 'page.mjs')
const OPERATIONS = ['write', 'read', 'projected', 'take', 'first-batch']
const FOREIGN = {
  pyarrow: 0.4,
  'pyarrow-tuned': 0.3,
  'arrow-rs-columns': 0.2,
  duckdb: 0.5,
  'nodejs-polars': 0.6,
  lancedb: 0.7,
}

/** Two rounds of two repetitions; the first of each process is ten times as slow. */
function samplesOf(peer: string, seconds: number, operations: readonly string[]): object[] {
  const common = { place: 'tmpfs', dataset: 'vec768', files: 'groups', peer }
  return operations.flatMap((operation) =>
    [0, 1].flatMap((round) =>
      [0, 1].map((repetition) => ({
        ...common,
        operation,
        round,
        repetition,
        // Round 1 is on a machine of half the speed: ratios must not see it.
        seconds: seconds * (1 + round) * (repetition === 0 ? 10 : 1),
        cpu: 0.25,
        rssBase: 100e6,
        rssPeak: 150e6,
        rows: 100_000,
        fileBytes: peer === 'pyarrow' ? 300e6 : 330e6,
        ...(peer.startsWith('ours') ? { loopActiveMs: 5, loopDelayMs: 2.5 } : {}),
      })),
    ),
  )
}

function resultsOf(peers: Record<string, number>): Record<string, unknown> {
  return {
    date: '2026-01-02',
    machine: { cpu: 'Abacus', cores: 2, memoryBytes: 2 ** 34, system: 'Linux', disk: 'ext4' },
    versions: { pyarrow: '26.0.1' },
    load: { before: 0, after: 2 },
    settings: {
      small: false,
      rounds: 2,
      repetitions: 2,
      level: 1,
      threads: 2,
      peers: { duckdb: { note: 'vectors become BLOB' } },
    },
    datasets: {
      vec768: {
        name: 'vec768',
        rows: 100_000,
        columns: ['pk', 'embedding'],
        bytes: 300e6,
        projectionBytes: 200e6,
      },
    },
    samples: Object.entries(peers).flatMap(([peer, seconds]) =>
      samplesOf(peer, seconds, OPERATIONS),
    ),
    limits: [
      { place: 'tmpfs', dataset: 'vec768', limit: 'copy', megabytesPerSecond: 19531, ratio: 0 },
    ],
    bridge: [
      {
        name: 'wide',
        rows: 8192,
        columns: 10,
        bytes: 26e6,
        arrayBuffers: 7,
        times: [
          { name: 'export', median: 50, least: 40 },
          { name: 'write, stored', median: 10_000, least: 9000 },
        ],
      },
    ],
    unsupported: [
      { peer: 'hyparquet', operation: 'take', dataset: 'vec768', files: 'groups', reason: 'none' },
    ],
    failures: [],
  }
}

const folder = temporaryDirectory('benchmarks-page')

function save(name: string, result: object): string {
  const path = join(folder, `${name}.json`)
  writeFileSync(path, JSON.stringify(result))
  return path
}

function runPage(args: readonly string[]): { stderr: string; status: number | null } {
  return spawnSync(process.execPath, [PAGE, '--folder', folder, ...args], { encoding: 'utf8' })
}

const makePage = (...results: object[]) =>
  runPage(results.map((result, index) => save(`results-${index}`, result)))

/** A page with the sizes of another run. */
const makePageWithSizes = (result: object, other: object) =>
  runPage([save('results', result), '--sizes', save('sizes', other)])

/** Results whose samples are of these operations only. */
function partOf(operations: readonly string[], peers: Record<string, number>) {
  const samples = Object.entries(peers).flatMap(([peer, seconds]) =>
    samplesOf(peer, seconds, operations),
  )
  return { ...resultsOf(peers), samples }
}

test.each(['pyarrow-tuned', 'arrow-rs-columns', 'duckdb', 'nodejs-polars', 'lancedb'])(
  'there is no page of benchmarks without %s',
  (missing) => {
    const peers: Record<string, number> = { ...FOREIGN, 'ours-milvus-stored': 0.1 }
    delete peers[missing]
    const { status, stderr } = makePage(resultsOf(peers))
    expect(status).not.toBe(0)
    expect(stderr).toContain(`${missing} is missing`)
    expect(readdirSync(folder)).toEqual(['results-0.json'])
  },
)

test('there is no page of benchmarks of a small run', () => {
  const results = resultsOf({ ...FOREIGN, 'ours-milvus-stored': 0.1 })
  const { status, stderr } = makePage({ ...results, settings: { small: true } })
  expect(status).not.toBe(0)
  expect(stderr).toContain('Expected results of a full run')
})

test('results of several runs make one page, of one machine and without a cell twice', () => {
  const peers = { ...FOREIGN, 'ours-milvus-stored': 0.1 }
  const rates = partOf(['write', 'read', 'projected'], peers)
  const latencies = partOf(['take', 'first-batch'], peers)
  expect(makePage(rates, latencies)).toMatchObject({ status: 0, stderr: '' })
  const page = readFileSync(join(folder, 'benchmarks.md'), 'utf8')
  expect(page).toContain('### take: vec768, groups, tmpfs')
  expect(page.replace(/\s+/g, ' ')).toContain(
    'write, read, projected, take, first-batch: 2 rounds.',
  )
  expect(makePage(rates, partOf(['take', 'read'], peers)).stderr).toContain(
    'Expected every cell in one run but received tmpfs vec768 groups read',
  )
  const elsewhere = { ...latencies, machine: { ...Object(latencies).machine, cores: 4 } }
  expect(makePage(rates, elsewhere).stderr).toContain('received cores 2 and 4')
})

test('the page of benchmarks has ratios of the same rounds, sizes, memory and plots', () => {
  const { status, stderr } = makePage(resultsOf({ ...FOREIGN, 'ours-milvus-stored': 0.1 }))
  expect(stderr).toBe('')
  expect(status).toBe(0)
  const page = readFileSync(join(folder, 'benchmarks.md'), 'utf8')
  expect(page).toContain('Abacus, 2 cores, 16 GiB')
  expect(page).toContain('* `duckdb`: vectors become BLOB.')
  // 300 MB in 0.2 s, the upper median of 0.1 and 0.2; the best other peer is arrow-rs-columns.
  expect(page).toContain(
    '| ours-milvus-stored | 1,500 | 4.00× | 2.00× | 5.00× | 150 | 0.25 | 150 | 50 |',
  )
  expect(page).toContain(
    '| ours-milvus-stored | 1,000 | 4.00× | 2.00× | 5.00× | 100 | 0.25 | 150 | 50 |',
  )
  expect(page).toContain(
    '| write, vec768, groups, tmpfs | ours-milvus-stored | 1,500 | 4.00× | arrow-rs-columns | 2.00× | 5.00× |',
  )
  expect(page).toContain('| ours-milvus-stored | 330 | 1.100 |')
  expect(page).toContain('| ours-milvus-stored, read | 5.0 | 2.5 % | 2.5 |')
  expect(page).toContain('| export | 50 | 40 | 0.50 % |')
  expect(page).toContain('| copy | 19,531 | – |')
  expect(page).toContain('* `hyparquet`, take, vec768, groups: none')
  const plot = readFileSync(join(folder, 'benchmarks-vec768-groups-tmpfs.svg'), 'utf8')
  expect(page).toContain('(benchmarks-vec768-groups-tmpfs.svg)')
  expect(plot.match(/<rect x="250"/g)).toHaveLength(3 * 7)
  expect(plot).toContain('1,500 (4.00×)')
  expect(plot).toContain('<title id="title">vec768, groups, tmpfs: ours')
})

test('the sizes of another run join the table of file bytes, and nothing else', () => {
  const peers = { ...FOREIGN, 'ours-fast-auto': 0.1 }
  const other = (fileBytes: number, fastBytes = 330e6) => {
    const samples = [
      ...samplesOf('ours-small-auto', 3, ['write']).map((sample) => ({ ...sample, fileBytes })),
      ...samplesOf('ours-fast-auto', 9, ['write']).map((sample) => {
        return { ...sample, fileBytes: fastBytes }
      }),
    ]
    const notes = { 'ours-small-auto': { note: "layout 'small'" } }
    const facts = { ...resultsOf({}), machine: { cpu: 'another' }, samples }
    return { ...facts, settings: { small: false, peers: notes } }
  }
  const { status, stderr } = makePageWithSizes(resultsOf(peers), other(270e6))
  expect([status, stderr]).toEqual([0, ''])
  const page = readFileSync(join(folder, 'benchmarks.md'), 'utf8')
  expect(page).toContain('| ours-small-auto | 270 | 0.900 |\n| pyarrow | 300 | 1.000 |')
  expect(page.match(/\| ours-small-auto \|/g)).toHaveLength(1)
  expect(page.match(/\| ours-fast-auto \| 330 \| 1.100 \|/g)).toHaveLength(1)
  expect(page).toContain("* `ours-small-auto`: layout 'small'.")
  expect(makePageWithSizes(resultsOf(peers), other(270e6, 331e6)).stderr).toContain(
    'Expected files of 330000000 bytes for tmpfs vec768 groups ours-fast-auto in both runs but received 331000000',
  )
  const small = { ...other(270e6), settings: { small: true } }
  expect(makePageWithSizes(resultsOf(peers), small).stderr).toContain('received a small one')
})

test('README quotes the page that is here', () => {
  const root = join(__dirname, '..')
  const page = readFileSync(join(root, 'docs', 'benchmarks.md'), 'utf8')
  const measured = page
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.replaceAll('×', '').split(/ *\| */))
  const quoted = [
    ...readFileSync(join(root, 'README.md'), 'utf8').matchAll(
      /^\| (write|read), [\w ]+ \| ([\d,]+) \| ([\d.]+) \| ([\d.]+) \|$/gm,
    ),
  ]
  expect(quoted.length).toBeGreaterThan(0)
  for (const [line, operation, speed, overPyarrow, overBest] of quoted) {
    const source = measured.find(
      (cells) =>
        cells[1]?.startsWith(`${operation}, `) && cells[3] === speed && cells[4] === overPyarrow,
    )
    expect({ line, overBest: source?.[6] }).toEqual({ line, overBest })
  }
})
