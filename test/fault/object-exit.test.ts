/** A store that says nothing keeps no process alive. */
import {
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from '../support/object-servers.js'
import { runNode } from '../support/run-node.js'
import { temporaryDirectory } from '../support/temporary.js'
import { startToxiproxy, type Toxiproxy } from '../support/toxiproxy.js'

describeWithServers('a process whose store says nothing', () => {
  const directory = temporaryDirectory('silence')
  let server: TestServer
  let proxy: Toxiproxy
  let storage: string

  beforeAll(async () => {
    server = await startVersitygw(directory)
    proxy = await startToxiproxy()
    const link = await proxy.link(server.port)
    await link.add({ type: 'timeout', timeout: 0 }, 'upstream')
    storage = JSON.stringify(storageAt(link.port, { requestTimeoutMs: 500, retryTimeoutMs: 2_000 }))
  })
  afterAll(async () => {
    await proxy.stop()
    await server.stop()
  })

  test.each(['read', 'write'])('ends by itself after the Timeout of a %s', async (mode) => {
    const { code, signal, lines } = await runNode('end-in-silence.cjs', [storage, 'silent', mode])
    expect({ code, signal, lines }).toEqual({ code: 0, signal: null, lines: ['Timeout'] })
  })

  test('can leave while a native read waits, without waiting for it', async () => {
    const outcome = await runNode('end-in-silence.cjs', [storage, 'silent', 'leave'])
    expect(outcome).toMatchObject({ code: 7, signal: null })
  })
})
