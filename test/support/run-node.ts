/** Runs a script of test/support in a process of its own, over the built library. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { type Ended, outcomeOf } from './child.js'

const TIMEOUT_MS = 60_000

export interface RunOptions {
  flags?: readonly string[]
  env?: Record<string, string>
}

/** Exit code, signal and the JSON lines that the script printed. */
export function runNode(
  script: string,
  args: readonly string[] = [],
  { flags = [], env = {} }: RunOptions = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [...flags, join(__dirname, script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  return outcomeOf(child, TIMEOUT_MS)
}
