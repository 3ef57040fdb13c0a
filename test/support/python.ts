/** One persistent python3 with pyarrow: the judge of the interop tests. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

const ROOT = join(__dirname, '..', '..')

/** Where scripts/test puts pyarrow for the running interpreter, else the wheel of the build. */
export function pythonEnvironment(): NodeJS.ProcessEnv {
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

type Child = ChildProcess & { stdin: Writable; stdout: Readable }

export class Oracle {
  readonly #waiting: Waiting[] = []
  /** Started by the first question: a suite that is skipped starts none. */
  #child: Child | undefined

  /** Ask one thing; replies come in the order of the questions. */
  ask<T>(command: string, request: Record<string, unknown> = {}): Promise<T> {
    this.#child ??= this.#start()
    const { stdin } = this.#child
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve: resolve as (value: unknown) => void, reject })
      stdin.write(`${JSON.stringify({ command, ...request })}\n`)
    })
  }

  async close(): Promise<void> {
    if (this.#child === undefined) return
    const ended = once(this.#child, 'close')
    this.#child.stdin.end()
    await ended
  }

  #start(): Child {
    const child = spawn('python3', ['-u', join(__dirname, 'oracle.py')], {
      env: pythonEnvironment(),
      stdio: ['pipe', 'pipe', 'inherit'],
    }) as Child
    createInterface({ input: child.stdout }).on('line', (line) => this.#settle(line))
    child.on('close', (code) => {
      for (const { reject } of this.#waiting.splice(0)) reject(new Error(`python3 ended: ${code}`))
    })
    return child
  }

  #settle(line: string): void {
    const reply = JSON.parse(line) as { ok?: unknown; error?: string }
    const waiting = this.#waiting.shift()
    if (reply.error === undefined) waiting?.resolve(reply.ok)
    else waiting?.reject(new Error(`python3: ${reply.error}`))
  }
}
