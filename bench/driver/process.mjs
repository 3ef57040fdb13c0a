/** One job of one peer: a process that is told it and that answers in lines of JSON. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { ROOT } from './paths.mjs'

const pythonHomes = [join(ROOT, 'build', 'python'), join(ROOT, 'build', 'arrow', '26.0.1')]

function environment() {
  const PYTHONPATH = pythonHomes.find((path) => existsSync(join(path, 'pyarrow'))) ?? ''
  return { ...process.env, PYTHONPATH, PYTHONDONTWRITEBYTECODE: '1' }
}

/** On the first `threads` cores only, where that is fewer than there are. */
function confined(command, threads) {
  if (threads >= availableParallelism()) return command
  return ['taskset', '--cpu-list', `0-${threads - 1}`, ...command]
}

/**
 * The answers of a peer to a job, in order.
 *
 * @throws when it fails, or takes longer than `timeoutMs`; with the end of what it
 *   wrote to standard error.
 */
export async function runJob({ command }, job, timeoutMs) {
  const [program, ...args] = confined(command, job.threads)
  const child = spawn(program, args, { env: environment(), stdio: ['pipe', 'pipe', 'pipe'] })
  let complaint = ''
  child.stderr.on('data', (text) => {
    complaint = `${complaint}${text}`.slice(-4000)
  })
  child.stdin.on('error', () => {}) // it ended without listening; its exit says why
  child.stdin.end(`${JSON.stringify(job)}\n`)
  const end = () => child.kill('SIGKILL')
  const timer = setTimeout(end, timeoutMs)
  process.once('exit', end) // a run that is ended leaves no peer at work
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(signal ?? code))
  })
  const answers = []
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{')) answers.push(JSON.parse(line))
  }
  const status = await ended
  clearTimeout(timer)
  process.off('exit', end)
  if (status === 0) return answers
  const reason = complaint.trim().split('\n').slice(-6).join('\n')
  throw new Error(`ended with ${status} after ${answers.length} answers: ${reason}`)
}
