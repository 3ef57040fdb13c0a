/** Child processes that run the built library: what a test kills, starves or limits. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const BUILT = join(__dirname, '..', '..', 'dist', 'cjs', 'index.js')

/** Start `test/support/<script>`; `shell` is run first, in the shell that becomes the child. */
export function startScript(
  script: string,
  args: readonly string[],
  options: { shell?: string; stdio?: SpawnOptions['stdio'] } = {},
): ChildProcess {
  if (!existsSync(BUILT)) throw new Error('Expected dist/ for child scripts: run `npm run build`')
  const command = [process.execPath, join(__dirname, script), ...args]
  const stdio = options.stdio ?? ['ignore', 'pipe', 'inherit']
  if (options.shell === undefined) return spawn(command[0]!, command.slice(1), { stdio })
  return spawn('bash', ['-c', `${options.shell}; exec "$@"`, 'bash', ...command], { stdio })
}

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  /** One JSON value per line of standard output. */
  lines: unknown[]
}

/** Everything a child printed, when it has ended; killed by its id after `timeoutMs`. */
export function outcomeOf(child: ChildProcess, timeoutMs: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let text = ''
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      const complete = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
      const lines = complete
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as unknown)
      resolve({ code, signal, lines })
    })
  })
}
