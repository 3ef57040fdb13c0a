/** Stores that speak S3: the one of every run, and two more (`scripts/fetch-servers --all`). */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import type { StorageConfig } from '../../lib/config/index.js'
import { ACCESS_KEY, BUCKET, SECRET_KEY, startVersitygw, storageAt } from './object-servers.js'
import { SERVERS, startServer, type TestServer } from './server-process.js'

const MINIO = join(SERVERS, 'bin', 'minio')
const S3PROXY = join(SERVERS, 's3proxy', 'lib')

export const S3_SERVERS = ['versitygw', 'minio', 's3proxy'] as const
export type S3ServerName = (typeof S3_SERVERS)[number]

/** A server with the empty bucket of the tests, and what reaches it. */
export interface S3Store {
  server: TestServer
  storage: StorageConfig
}

const STARTERS: Record<S3ServerName, (directory: string) => Promise<TestServer>> = {
  versitygw: (directory) => startVersitygw(directory),
  minio: startMinio,
  s3proxy: startS3Proxy,
}

/** Which of the three cannot run here. */
export function missingS3Server(name: S3ServerName): boolean {
  return { versitygw: false, minio: !existsSync(MINIO), s3proxy: !existsSync(S3PROXY) }[name]
}

/** Start one over `directory`, a fresh one. */
export async function startS3Store(name: S3ServerName, directory: string): Promise<S3Store> {
  mkdirSync(directory, { recursive: true })
  const server = await STARTERS[name](directory)
  if (name !== 'versitygw') await createBucket(server.port)
  return { server, storage: storageAt(server.port) }
}

function startMinio(directory: string): Promise<TestServer> {
  return startServer((port) => ({
    program: MINIO,
    args: ['server', '--address', `127.0.0.1:${port}`, '--quiet', directory],
    env: {
      MINIO_ROOT_USER: ACCESS_KEY,
      MINIO_ROOT_PASSWORD: SECRET_KEY,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
    },
  }))
}

function startS3Proxy(directory: string): Promise<TestServer> {
  const settings = join(directory, 's3proxy.conf')
  const logging = join(directory, 'logback.xml')
  const files = join(directory, 'files')
  mkdirSync(files)
  // Its own level is debug, which takes several times as long.
  writeFileSync(logging, '<configuration><root level="warn"/></configuration>')
  return startServer((port) => {
    writeFileSync(
      settings,
      [
        `s3proxy.endpoint=http://127.0.0.1:${port}`,
        's3proxy.authorization=aws-v2-or-v4',
        `s3proxy.identity=${ACCESS_KEY}`,
        `s3proxy.credential=${SECRET_KEY}`,
        'jclouds.provider=filesystem-nio2',
        `jclouds.filesystem.basedir=${files}`,
      ].join('\n'),
    )
    const classPath = ['-cp', join(S3PROXY, '*'), 'org.gaul.s3proxy.Main']
    return {
      program: 'java',
      args: [
        ...['-Xmx512m', `-Dlogback.configurationFile=${logging}`],
        ...[...classPath, '--properties', settings],
      ],
    }
  })
}

async function createBucket(port: number): Promise<void> {
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
  })
  // A store that has only just begun to listen may still be starting.
  for (let attempt = 0; ; attempt += 1) {
    try {
      await client.send(new CreateBucketCommand({ Bucket: BUCKET }))
      break
    } catch (error) {
      if (attempt === 20) throw error
    }
  }
  client.destroy()
}
