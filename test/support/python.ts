/** One persistent python3 with pyarrow: the judge of the interop tests. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

const ROOT = join(__dirname, '..', '..')

/** Where scripts/test puts pyarrow for the running interpreter, else the wheel of the build. */
function pythonEnvironment(): NodeJS.ProcessEnv {
  const homes = [join(ROOT, 'build', 'python'), join(ROOT, 'build', 'arrow', '26.0.1')]
  const home = homes.find((path) => existsSync(join(path, 'pyarrow'))) ?? ''
  return { ...process.env, PYTHONPATH: home, PYTHONDONTWRITEBYTECODE: '1' }
}

/** Why pyarrow cannot be used, or null when it can. */
function whyNoPyarrow(): string | null {
  const run = spawnSync('python3', ['-c', 'import pyarrow.parquet'], {
    env: pythonEnvironment(),
    encoding: 'utf8',
  })
  if (run.error) return run.error.message
  return run.status === 0 ? null : (run.stderr.trim().split('\n').at(-1) ?? 'python3 failed')
}

/** A `describe` that needs pyarrow: without it a failure under CI, else a printed omission. */
export function describeWithPyarrow(name: string, body: () => void): void {
  const reason = whyNoPyarrow()
  if (reason === null) {
    describe(name, body)
  } else if (process.env.CI === 'true') {
    test(`${name}: pyarrow can be imported`, () => {
      throw new Error(`Expected pyarrow for python3 but received: ${reason}`)
    })
  } else {
    process.stderr.write(`NOT RUN (no pyarrow: ${reason}): ${name}\n`)
    describe.skip(name, body)
  }
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

export class Oracle {
  readonly #child: ChildProcess & { stdin: Writable; stdout: Readable }
  readonly #waiting: Waiting[] = []

  constructor() {
    this.#child = spawn('python3', ['-u', join(__dirname, 'oracle.py')], {
      env: pythonEnvironment(),
      stdio: ['pipe', 'pipe', 'inherit'],
    }) as ChildProcess & { stdin: Writable; stdout: Readable }
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#settle(line))
    this.#child.on('close', (code) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`python3 ended: ${code}`))
    })
  }

  /** Ask one thing; replies come in the order of the questions. */
  ask<T>(command: string, request: Record<string, unknown> = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve: resolve as (value: unknown) => void, reject })
      this.#child.stdin.write(`${JSON.stringify({ command, ...request })}\n`)
    })
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.stdin.end()
    await ended
  }

  #settle(line: string): void {
    const reply = JSON.parse(line) as { ok?: unknown; error?: string }
    const waiting = this.#waiting.shift()
    if (reply.error === undefined) waiting?.resolve(reply.ok)
    else waiting?.reject(new Error(`python3: ${reply.error}`))
  }
}
