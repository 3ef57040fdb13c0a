/** `packed ingest` as a process that a test can watch, interrupt and kill. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { COMMAND, type Ran } from './command.js'

/** How long a test waits for what has to come. */
const PATIENCE_MS = 20_000

/** A run of `packed` that goes on. */
export class RunningCommand {
  readonly child: ChildProcess
  stdout = ''
  stderr = ''
  readonly #ended: Promise<unknown>

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    this.child = spawn(process.execPath, [COMMAND, ...args], { env: { ...process.env, ...env } })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
    })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text
    })
    this.#ended = once(this.child, 'close')
  }

  /** Wait until `look` finds something; it must come before the process ends. */
  async until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
    const end = Date.now() + PATIENCE_MS
    for (;;) {
      const found = await look()
      if (found !== undefined) return found
      if (this.child.exitCode !== null || this.child.signalCode !== null || Date.now() > end) {
        throw new Error(`Expected it to come but received ${this.stdout}${this.stderr}`)
      }
      await sleep(20)
    }
  }

  /** The address that `--metrics-port 0` has come to. */
  url(): Promise<string> {
    return this.until(() => /serving (\S+)\/metrics$/m.exec(this.stderr)?.[1])
  }

  /** Wait until it has accepted so many rows; it needs `--metrics-port`. */
  async accepted(rows: number): Promise<void> {
    const url = await this.url()
    await this.until(async () => {
      const status = (await (await fetch(`${url}/status`)).json()) as { rows: number }
      return status.rows >= rows ? true : undefined
    })
  }

  /** Send a signal, when there is one, and wait for the end. */
  async end(signal?: NodeJS.Signals): Promise<Omit<Ran, 'stdout'> & { stdout: string }> {
    if (signal !== undefined) this.child.kill(signal)
    await this.#ended
    const { stdout, stderr } = this
    return { code: this.child.exitCode, stdout, stderr }
  }
}
