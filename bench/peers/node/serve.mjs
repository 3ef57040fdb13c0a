/** The protocol of bench/peers/README.md for peers that are Node programs. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { INSTALLED } from '../../driver/paths.mjs'

const MODULES = join(INSTALLED, 'npm')
/** Requires a package of bench/package.json. */
export const requirePeer = createRequire(join(MODULES, 'index.js'))
/** Imports a file of one, for packages that are ES modules only. */
export const importPeer = (path) => import(pathToFileURL(join(MODULES, 'node_modules', path)).href)
export const versionOf = (name) =>
  JSON.parse(readFileSync(join(MODULES, 'node_modules', name, 'package.json'), 'utf8')).version

/** Thrown by an operation that the peer does not have. */
export class Unsupported extends Error {}

function statusBytes(key) {
  const found = new RegExp(`${key}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))
  return found ? 1024 * Number(found[1]) : 0
}

function forgetPeak() {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Refused in some containers; the peak is then that of the whole process.
  }
}

/** One repetition; what `work` keeps alive counts as its memory. */
async function measure(work) {
  globalThis.gc?.()
  // Finalizers of native memory run in a turn of their own: what the last repetition kept is given
  // back before the clock starts, as in peers that are no Node programs.
  await turn()
  const delay = monitorEventLoopDelay({ resolution: 1 })
  forgetPeak()
  const rssBase = statusBytes('VmRSS')
  delay.enable()
  const cpu = process.cpuUsage()
  const loop = performance.eventLoopUtilization()
  const start = process.hrtime.bigint()
  const { rows } = await work()
  const seconds = Number(process.hrtime.bigint() - start) / 1e9
  const { active } = performance.eventLoopUtilization(loop)
  const { user, system } = process.cpuUsage(cpu)
  delay.disable()
  return {
    seconds,
    cpu: (user + system) / 1e6,
    rssBase,
    rssPeak: statusBytes('VmHWM'),
    rows,
    loopActiveMs: active,
    loopDelayMs: delay.max / 1e6,
  }
}

const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`)

/**
 * Do the job on standard input. `load(job)` gives what `write` writes; `operations` are functions
 * of the job and of that, each to `{ rows, ... }`, whatever they return being kept until measured.
 */
export async function serve({ versions, load, operations }) {
  const job = JSON.parse(readFileSync(0, 'utf8'))
  const operation = operations[job.operation]
  const loaded = job.operation === 'write' ? await load(job) : undefined
  say({ ready: versions })
  try {
    if (!operation) throw new Unsupported(`no ${job.operation}`)
    for (let repetition = 0; repetition < job.repetitions; repetition++) {
      if (job.operation === 'write') {
        rmSync(job.directory, { recursive: true, force: true })
        mkdirSync(job.directory, { recursive: true })
      }
      say(await measure(() => operation(job, loaded)))
    }
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error
    say({ unsupported: error.message })
  }
}
