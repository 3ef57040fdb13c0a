/** Programs that tests start as servers, and that end with them whatever happens. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Where scripts/fetch-servers puts what it builds. */
export const SERVERS = join(
  process.env.ARROW_PACKED_CACHE ?? resolve(__dirname, '..', '..', 'build'),
  'servers',
)

/** A server that was started; `stop` may be called again. */
export interface TestServer {
  port: number
  /** Send a signal and wait for the end. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

/** How a server is run on a port. */
export interface ServerCommand {
  program: string
  args: readonly string[]
  env?: Record<string, string>
}

// Below the ports that connections come from: none of them takes it meanwhile.
const FIRST_PORT = 12_000
const PORTS = 20_000
const START_MS = 30_000

async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS)
    const server = createServer().listen(port, '127.0.0.1')
    const [event] = await Promise.race([
      once(server, 'listening').then(() => ['listening']),
      once(server, 'error').then(() => ['error']),
    ])
    if (event === 'error') continue
    server.close()
    await once(server, 'close')
    return port
  }
  throw new Error('no free port')
}

/** The kernel ends the server with the process that started it, killed or not. */
function spawnBound({ program, args, env }: ServerCommand): ChildProcess {
  const guard = '/usr/bin/setpriv'
  const command = existsSync(guard) ? [guard, '--pdeathsig', 'KILL', program] : [program]
  return spawn(command[0]!, [...command.slice(1), ...args], {
    stdio: 'ignore',
    env: { ...process.env, ...env },
  })
}

const hasEnded = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}

/** True when something answers there, false when the child has ended instead. */
async function answers(child: ChildProcess, url: string): Promise<boolean> {
  for (const start = Date.now(); Date.now() - start < START_MS; await sleep(20)) {
    if (hasEnded(child)) return false
    const answer = await fetch(url).catch(() => undefined)
    if (answer !== undefined) return !hasEnded(child)
  }
  await stop(child, 'SIGKILL')
  throw new Error(`nothing answers at ${url}`)
}

/** Start what `command` says for a port, any free one or the given, and wait until it answers. */
export async function startServer(
  command: (port: number) => ServerCommand,
  options: { port?: number | undefined; path?: string } = {},
): Promise<TestServer> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const port = options.port ?? (await freePort())
    const child = spawnBound(command(port))
    child.once('error', () => {})
    if (await answers(child, `http://127.0.0.1:${port}${options.path ?? '/'}`)) {
      return { port, stop: (signal = 'SIGKILL') => stop(child, signal) }
    }
  }
  throw new Error(`${command(0).program} does not start`)
}
