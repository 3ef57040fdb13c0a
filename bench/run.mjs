/**
 * node bench/run.mjs [--help]: arrow-packed and its peers on the same data, in turns.
 *
 * Makes the data sets, installs the peers that are asked for, runs them in rounds (in each round
 * another one first, every operation in a process of its own, data loaded before the clock starts)
 * and prints one table: `x pyarrow` and `x best` say how many times as fast as pyarrow, and as the
 * best other peer, in the same rounds. The results go to a JSON file, of which bench/page.mjs makes
 * docs/benchmarks.md. The exit code speaks of errors, never of times.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeDataset } from './datasets/make.mjs'
import { install } from './driver/install.mjs'
import { describeMachine, load } from './driver/machine.mjs'
import { parseOptions } from './driver/options.mjs'
import { BENCH, HOME } from './driver/paths.mjs'
import { runJob } from './driver/process.mjs'
import { Rounds } from './driver/rounds.mjs'
import { tableOf } from './driver/table.mjs'
import { inTemporaryFolder } from './driver/temporary.mjs'
import { LIMITS } from './peers/registry.mjs'

const say = (line) => process.stderr.write(`${line}\n`)

async function makeDatasets({ datasets, rows: numbers, small }) {
  const made = []
  for (const name of datasets) {
    for (const rows of numbers) made.push(await makeDataset(name, { rows, small }))
  }
  return made
}

/** What the machine can do at most: copies and files, unless told `codecs` only, and codecs. */
function limitsOf(dataset, { directory, variant, level, threads, timeoutMs }) {
  const columns = dataset.columns.includes('embedding') ? ['embedding'] : [dataset.columns[0]]
  const job = {
    operation: 'limits',
    data: dataset.path,
    directory,
    files: [{ path: '', columns }],
    repetitions: 5,
    level,
    threads,
    variant,
  }
  return runJob(LIMITS, job, timeoutMs)
}

async function measureLimits(options, datasets) {
  if (!options.limits) return []
  const limits = []
  for (const place of options.place) {
    for (const [index, dataset] of datasets.entries()) {
      const variant = index === 0 ? 'plain' : 'codecs'
      const answers = await inTemporaryFolder(place, (directory) =>
        limitsOf(dataset, { ...options, directory, variant }),
      )
      limits.push(...answers.map((answer) => ({ place, dataset: dataset.name, ...answer })))
    }
  }
  return limits
}

/** What lending and taking a batch costs, of bench/bridge.mjs. */
function measureBridge({ peers, small }) {
  if (!Object.keys(peers).some((name) => name.startsWith('ours'))) return []
  const args = [join(BENCH, 'bridge.mjs'), small ? '1' : '15', '--json']
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`bench/bridge.mjs failed: ${stderr}`)
  return JSON.parse(stdout)
}

/** What the results say of the options: nothing of where this machine has its files. */
function settingsOf({ peers, output, timeoutMs, ...options }) {
  const chosen = Object.entries(peers).map(([name, { note, settings }]) => {
    return [name, { note, settings }]
  })
  return { ...options, peers: Object.fromEntries(chosen) }
}

function describeDatasets(datasets) {
  return Object.fromEntries(datasets.map(({ path, version, ...facts }) => [facts.name, facts]))
}

async function main() {
  const options = parseOptions(process.argv.slice(2))
  if (options === undefined) return
  mkdirSync(HOME, { recursive: true })
  const peers = Object.values(options.peers)
  install(options.limits ? [...peers, LIMITS] : peers)
  const datasets = await makeDatasets(options)
  const loadBefore = load()
  const rounds = new Rounds(options, say)
  await rounds.run(datasets)
  const { samples, unsupported, failures, versions } = rounds
  const results = {
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(),
    versions,
    load: { before: loadBefore, after: load() },
    settings: settingsOf(options),
    datasets: describeDatasets(datasets),
    samples,
    limits: await measureLimits(options, datasets),
    bridge: measureBridge(options),
    unsupported,
    failures,
  }
  mkdirSync(dirname(options.output), { recursive: true })
  writeFileSync(options.output, `${JSON.stringify(results)}\n`)
  for (const line of tableOf(results)) console.log(line)
  console.log(`${samples.length} samples, ${failures.length} failures; in ${options.output}`)
  if (failures.length > 0 || samples.length === 0) process.exitCode = 1
}

await main()
