/** versitygw behind toxiproxy for benches: objects are files of a folder, the link has latency. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const BIN = join(process.env.ARROW_PACKED_CACHE ?? join(ROOT, 'build'), 'servers', 'bin')
export const BUCKET = 'segments'
export const ACCESS_KEY = 'testkey123'
export const SECRET_KEY = 'testsecret123'

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

async function start(program, args, env, port, path) {
  const child = spawn(join(BIN, program), args, {
    stdio: 'ignore',
    env: { ...process.env, ...env },
  })
  for (let attempt = 0; attempt < 500; attempt++) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined)
    if (answer !== undefined) return child
    await sleep(20)
  }
  child.kill('SIGKILL')
  throw new Error(`${program} does not start (scripts/fetch-servers builds it)`)
}

/** `folder` of the bucket, a direct port and one behind the link; `stop` ends both servers. */
export async function startSlowStore(home, latencyMs) {
  const folder = join(home, 'data', BUCKET)
  mkdirSync(folder, { recursive: true })
  mkdirSync(join(home, 'iam'), { recursive: true })
  const [direct, api, slow] = [await freePort(), await freePort(), await freePort()]
  const children = [
    await start(
      'versitygw',
      [
        '--port',
        `127.0.0.1:${direct}`,
        '--quiet',
        '--iam-dir',
        join(home, 'iam'),
        'posix',
        dirname(folder),
      ],
      { ROOT_ACCESS_KEY: ACCESS_KEY, ROOT_SECRET_KEY: SECRET_KEY },
      direct,
      '/',
    ),
    await start(
      'toxiproxy-server',
      ['-host', '127.0.0.1', '-port', String(api)],
      {},
      api,
      '/version',
    ),
  ]
  const post = (path, body) =>
    fetch(`http://127.0.0.1:${api}${path}`, { method: 'POST', body: JSON.stringify(body) })
  await post('/proxies', {
    name: 'store',
    listen: `127.0.0.1:${slow}`,
    upstream: `127.0.0.1:${direct}`,
    enabled: true,
  })
  await post('/proxies/store/toxics', {
    name: 'latency',
    type: 'latency',
    stream: 'downstream',
    attributes: { latency: latencyMs },
  })
  const stop = () => {
    for (const child of children) child.kill('SIGKILL')
  }
  return { folder, direct, slow, stop }
}

/** The bucket behind a port. */
export function storageAt(port) {
  return {
    storageType: 'minio',
    address: `127.0.0.1:${port}`,
    bucketName: BUCKET,
    accessKeyId: ACCESS_KEY,
    secretAccessKey: SECRET_KEY,
    region: 'us-east-1',
  }
}
