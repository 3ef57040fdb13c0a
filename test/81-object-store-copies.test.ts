import { checkStorageConfig } from '../lib/config/index.js'
import { connectS3 } from '../lib/storage/s3/client.js'
import { copyObject, type S3Copier } from '../lib/storage/s3/copy.js'
import { S3Head } from '../lib/storage/s3/head.js'
import { S3Requests } from '../lib/storage/s3/requests.js'
import { openS3Store } from '../lib/storage/s3/store.js'
import { S3Writes } from '../lib/storage/s3/writes.js'
import { DirectBucket } from './support/direct-bucket'
import { type FaultyGateway, startFaultyGateway } from './support/faulty-gateway'
import {
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers'
import { rejection } from './support/rejection'
import { temporaryDirectory } from './support/temporary'

const PIECE_BYTES = 5 << 20

// An object of more than 5 GiB is not for a test: the size of the pieces is turned down instead.
describeWithServers('copies in pieces', () => {
  const directory = temporaryDirectory('object-store-copies')
  const content = Uint8Array.from({ length: 2 * PIECE_BYTES + 77 }, (_, at) => at % 251)
  let server: TestServer
  let gateway: FaultyGateway
  let copier: S3Copier
  let bucket: DirectBucket

  beforeAll(async () => {
    server = await startVersitygw(directory)
    gateway = await startFaultyGateway(server.port)
    const config = checkStorageConfig(storageAt(gateway.port))
    const connection = await connectS3(config)
    const requests = new S3Requests(connection, config)
    copier = {
      connection,
      requests,
      head: new S3Head(connection, requests),
      writes: new S3Writes(connection, requests),
      pieceBytes: PIECE_BYTES,
    }
    bucket = new DirectBucket(server.port)
    await (await openS3Store(config)).put('from it +%', content)
  })
  afterEach(() => gateway.heal())
  afterAll(async () => {
    bucket.close()
    await gateway.stop()
    await server.stop()
  })

  const pieces = () =>
    gateway.seen.flatMap(({ headers }) => headers['x-amz-copy-source-range'] ?? []).sort()

  test('the pieces are one object again', async () => {
    gateway.heal()
    await copyObject(copier, 'from it +%', 'to', {})
    expect(pieces()).toEqual([
      `bytes=0-${PIECE_BYTES - 1}`,
      `bytes=${2 * PIECE_BYTES}-${content.length - 1}`,
      `bytes=${PIECE_BYTES}-${2 * PIECE_BYTES - 1}`,
    ])
    const store = await openS3Store(checkStorageConfig(storageAt(server.port)))
    expect(Buffer.compare(await store.get('to'), content)).toBe(0)
  })

  test('a source that changes is FileChanged, and the upload is given up', async () => {
    gateway.spoil(({ headers }) =>
      headers['x-amz-copy-source-range'] === undefined ? undefined : { answer: { status: 412 } },
    )
    expect(await rejection(() => copyObject(copier, 'from it +%', 'changed', {}))).toMatchObject({
      code: 'FileChanged',
      path: 'from it +%',
    })
    expect(await bucket.openUploads('changed')).toBe(0)
    expect(await bucket.keys('changed')).toEqual([])
  })

  test('an aborted copy leaves no upload', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    gateway.spoil(({ headers }) => {
      if (headers['x-amz-copy-source-range'] !== undefined) controller.abort(reason)
      return undefined
    })
    const copying = copyObject(copier, 'from it +%', 'aborted', { signal: controller.signal })
    await expect(copying).rejects.toBe(reason)
    expect(await bucket.openUploads('aborted')).toBe(0)
  })
})
