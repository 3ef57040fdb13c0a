/** Real servers for tests of object storage: each on a port of its own, with fresh folders. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageConfig } from '../../lib/config/index.js'

const BIN = resolve(__dirname, '..', '..', 'build', 'servers', 'bin')
export const ACCESS_KEY = 'testkey123'
export const SECRET_KEY = 'testsecret123'
export const BUCKET = 'segments'

/** Why tests with servers cannot run here, or undefined. */
export const noServers = ['versitygw', 'toxiproxy-server'].every((name) =>
  existsSync(join(BIN, name)),
)
  ? undefined
  : 'versitygw and toxiproxy are not in build/servers/bin (scripts/fetch-servers)'

/** A server that was started; `stop` may be called again. */
export interface TestServer {
  port: number
  /** Send a signal and wait for the end. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

async function answers(url: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer !== undefined) return
    await sleep(20)
  }
  throw new Error(`nothing answers at ${url}`)
}

function stopper(child: ChildProcess): TestServer['stop'] {
  return async (signal = 'SIGKILL') => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
}

/** versitygw over `directory`, with one bucket; start it again there with the same `port`. */
export async function startVersitygw(directory: string, port?: number): Promise<TestServer> {
  const listen = port ?? (await freePort())
  for (const name of ['iam', join('data', BUCKET)]) {
    mkdirSync(join(directory, name), { recursive: true })
  }
  const child = spawn(
    join(BIN, 'versitygw'),
    // No --keep-alive: with it, parts of concurrent uploads are refused as malformed.
    [
      '--port',
      `127.0.0.1:${listen}`,
      '--quiet',
      '--iam-dir',
      join(directory, 'iam'),
      'posix',
      join(directory, 'data'),
    ],
    {
      stdio: 'ignore',
      env: { ...process.env, ROOT_ACCESS_KEY: ACCESS_KEY, ROOT_SECRET_KEY: SECRET_KEY },
    },
  )
  await answers(`http://127.0.0.1:${listen}/`)
  return { port: listen, stop: stopper(child) }
}

/** What reaches the bucket at `port`. */
export function storageAt(port: number, more: Partial<StorageConfig> = {}): StorageConfig {
  return {
    storageType: 'minio',
    address: `127.0.0.1:${port}`,
    bucketName: BUCKET,
    accessKeyId: ACCESS_KEY,
    secretAccessKey: SECRET_KEY,
    region: 'us-east-1',
    ...more,
  }
}
