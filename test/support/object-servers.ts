/** Real servers for tests of object storage: each on a port of its own, with fresh folders. */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { StorageConfig } from '../../lib/config/index.js'
import { SERVERS, startServer, type TestServer } from './server-process.js'

export type { TestServer } from './server-process.js'

export const ACCESS_KEY = 'testkey123'
export const SECRET_KEY = 'testsecret123'
export const BUCKET = 'segments'

/** Why tests with servers cannot run here, or undefined. */
export const noServers = ['versitygw', 'toxiproxy-server'].every((name) =>
  existsSync(join(SERVERS, 'bin', name)),
)
  ? undefined
  : 'versitygw and toxiproxy are not built (scripts/fetch-servers)'

/** A `describe` that needs the servers; without them a printed omission. */
export function describeWithServers(name: string, body: () => void): void {
  if (noServers !== undefined) process.stderr.write(`NOT RUN (${noServers}): ${name}\n`)
  if (noServers === undefined) describe(name, body)
  else describe.skip(name, body)
}

/** versitygw over `directory`, with one bucket; start it again there with the same `port`. */
export function startVersitygw(directory: string, port?: number): Promise<TestServer> {
  const [iam, data] = [join(directory, 'iam'), join(directory, 'data')]
  for (const folder of [iam, join(data, BUCKET)]) mkdirSync(folder, { recursive: true })
  return startServer(
    (listen) => ({
      program: join(SERVERS, 'bin', 'versitygw'),
      // No --keep-alive: with it, parts of concurrent uploads are refused as malformed.
      args: ['--port', `127.0.0.1:${listen}`, '--quiet', '--iam-dir', iam, 'posix', data],
      env: { ROOT_ACCESS_KEY: ACCESS_KEY, ROOT_SECRET_KEY: SECRET_KEY },
    }),
    { port },
  )
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
