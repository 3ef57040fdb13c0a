/**
 * With ARROW_PACKED_TEST_STORE=versitygw|minio|s3proxy the packed suite runs on an object store:
 * writers and readers that a test opens on local paths get the store instead, under the same
 * paths as keys. The local disk is a mirror past our own code: what stands there is put into the
 * bucket before it is opened, and what a writer has published is fetched back.
 *
 * What only a disk has stays on it: `mmap`, `fsync`, and that a spool is refused there.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { PackedReader, PackedWriter } from '../../lib/index.js'
import { DirectBucket } from './direct-bucket.js'
import { BUCKET } from './object-servers.js'
import { type S3ServerName, type S3Store, startS3Store } from './s3-servers.js'
import { temporaryDirectory } from './temporary.js'

const name = process.env.ARROW_PACKED_TEST_STORE as S3ServerName
const directory = temporaryDirectory(name)
let store: S3Store
let bucket: DirectBucket

beforeAll(async () => {
  store = await startS3Store(name, directory)
  bucket = new DirectBucket(store.server.port)
})
afterAll(async () => {
  bucket.close()
  await store.server.stop()
})

const keyOf = (path: string): string => path.replace(/^\/+/, '')

/** Make the bucket agree with the disk about a path. */
async function push(path: string): Promise<void> {
  const place = { Bucket: BUCKET, Key: keyOf(path) }
  const there = existsSync(path) && statSync(path).isFile()
  if (there) await bucket.client.send(new PutObjectCommand({ ...place, Body: readFileSync(path) }))
  else await bucket.client.send(new DeleteObjectCommand(place))
}

/** Make the disk agree with the bucket about a path. */
async function pull(path: string): Promise<void> {
  const { Body } = await bucket.client.send(
    new GetObjectCommand({ Bucket: BUCKET, Key: keyOf(path) }),
  )
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, await Body!.transformToByteArray())
}

async function pushAll(paths: readonly string[]): Promise<void> {
  await Promise.all(paths.map(push))
}

/** Options that name local paths, in a form that a store can have as well. */
function isLocal(options: unknown): options is Record<string, unknown> {
  const { storage, mmap, fsync, spool } = (options ?? {}) as Record<string, unknown>
  return typeof options === 'object' && !storage && !mmap && !fsync && !spool
}

/** The paths of a list of paths, or of things that have one; none of what a test gives in error. */
function pathsOf(entries: unknown): string[] {
  if (!Array.isArray(entries)) return []
  const paths = entries.map((entry: unknown) =>
    typeof entry === 'string' ? entry : (entry as { path?: unknown } | null)?.path,
  )
  return paths.filter((path): path is string => typeof path === 'string' && path !== '')
}

function pathsBefore({ groups, directory: below }: Record<string, unknown>): string[] {
  if (Array.isArray(groups)) return pathsOf(groups)
  if (typeof below !== 'string' || !existsSync(below)) return []
  return readdirSync(below).map((file) => join(below, file))
}

const openReader = PackedReader.open.bind(PackedReader)
PackedReader.open = async (options) => {
  if (!isLocal(options)) return openReader(options)
  await pushAll(pathsOf(options.paths))
  return openReader({ ...options, storage: store.storage })
}

const openWriter = PackedWriter.open.bind(PackedWriter)
PackedWriter.open = async (options) => {
  if (!isLocal(options)) return openWriter(options)
  await pushAll(pathsBefore(options as unknown as Record<string, unknown>))
  const writer = await openWriter({ ...options, storage: store.storage })
  const finish = writer.finish.bind(writer)
  writer.finish = async () => {
    // Without a wait where nothing has appeared meanwhile: calls keep their order.
    const appeared = pathsOf(writer.groups).filter(existsSync)
    if (appeared.length > 0) await pushAll(appeared)
    const result = await finish()
    await Promise.all(result.groups.map(({ path }) => pull(path)))
    return result
  }
  return writer
}
