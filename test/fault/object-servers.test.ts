/** The faults that the other tests rely on do happen. */
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { DirectBucket } from '../support/direct-bucket.js'
import {
  BUCKET,
  describeWithServers,
  startVersitygw,
  type TestServer,
} from '../support/object-servers.js'
import { temporaryDirectory } from '../support/temporary.js'
import { startToxiproxy, type Toxiproxy } from '../support/toxiproxy.js'

describeWithServers('a link to a store', () => {
  const directory = temporaryDirectory('servers')
  let server: TestServer
  let proxy: Toxiproxy

  beforeAll(async () => {
    server = await startVersitygw(directory)
    proxy = await startToxiproxy()
  })
  afterAll(async () => {
    await proxy.stop()
    await server.stop()
  })

  const put = async (bucket: DirectBucket, key: string, bytes = 10) => {
    const Body = new Uint8Array(bytes)
    await bucket.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body }))
  }

  test('passes requests, breaks them off while a fault lasts, then passes them again', async () => {
    const link = await proxy.link(server.port)
    const bucket = new DirectBucket(link.port)
    await put(bucket, 'link/a')
    const heal = await link.add({ type: 'reset_peer', timeout: 0 }, 'downstream')
    await expect(put(bucket, 'link/b')).rejects.toThrow('ECONNRESET')
    await heal()
    await put(bucket, 'link/c')
    await link.enable(false)
    await expect(put(bucket, 'link/d')).rejects.toThrow('ECONNREFUSED')
    await link.enable(true)
    await put(bucket, 'link/e')
    expect(await bucket.keys('link/')).toEqual(
      expect.arrayContaining(['link/a', 'link/c', 'link/e']),
    )
    bucket.close()
  })

  test('limits what passes in one direction', async () => {
    const link = await proxy.link(server.port)
    const bucket = new DirectBucket(link.port)
    const heal = await link.add({ type: 'limit_data', bytes: 10_000 }, 'upstream')
    await expect(put(bucket, 'limit/large', 1 << 20)).rejects.toThrow()
    await put(bucket, 'limit/small')
    await heal()
    await put(bucket, 'limit/large', 1 << 20)
    expect(await bucket.keys('limit/')).toEqual(['limit/large', 'limit/small'])
    bucket.close()
  })

  test('is to a store that keeps its objects when it is killed and started again', async () => {
    const bucket = new DirectBucket(server.port)
    await put(bucket, 'kept')
    const { port } = server
    await server.stop()
    await expect(bucket.keys('kept')).rejects.toThrow()
    server = await startVersitygw(directory, port)
    expect(await bucket.keys('kept')).toEqual(['kept'])
    bucket.close()
  })
})
