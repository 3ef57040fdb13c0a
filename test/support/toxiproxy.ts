/** toxiproxy: a network that is slow, breaks off or goes silent, between a client and a server. */
import { join } from 'node:path'
import { SERVERS, startServer, type TestServer } from './server-process.js'

/** What toxiproxy can do to connections; times in ms, `rate` in KB/s, `bytes` per connection. */
export type Toxic =
  | { type: 'latency'; latency: number; jitter?: number }
  | { type: 'bandwidth'; rate: number }
  | { type: 'reset_peer'; timeout: number }
  /** Nothing passes; 0 = for good, without closing. */
  | { type: 'timeout'; timeout: number }
  | { type: 'limit_data'; bytes: number }

/** Whether what the client sends is hit, or what it receives. */
export type Direction = 'upstream' | 'downstream'

/** One port in front of a server. */
export class FaultyLink {
  readonly port: number
  readonly #url: string
  readonly #fetch: Api
  #toxics = 0

  constructor(call: Api, name: string, port: number) {
    this.#fetch = call
    this.#url = `/proxies/${name}`
    this.port = port
  }

  /** Make it faulty, also for connections that are open; undo it by what is returned. */
  async add(toxic: Toxic, stream: Direction, toxicity = 1): Promise<() => Promise<void>> {
    const { type, ...attributes } = toxic
    const name = `toxic${this.#toxics++}`
    await this.#fetch('POST', `${this.#url}/toxics`, { name, type, stream, toxicity, attributes })
    return async () => {
      await this.#fetch('DELETE', `${this.#url}/toxics/${name}`)
    }
  }

  /** Refuse connections and drop those that are open, or accept them again at the same port. */
  async enable(enabled: boolean): Promise<void> {
    await this.#fetch('POST', this.#url, { enabled })
  }

  async close(): Promise<void> {
    await this.#fetch('DELETE', this.#url)
  }
}

type Api = (method: string, path: string, body?: object) => Promise<unknown>

export interface Toxiproxy extends TestServer {
  /** A new link to a port of this machine. */
  link(to: number): Promise<FaultyLink>
}

/** One process for any number of links. */
export async function startToxiproxy(): Promise<Toxiproxy> {
  const server = await startServer(
    (port) => ({
      program: join(SERVERS, 'bin', 'toxiproxy-server'),
      args: ['-host', '127.0.0.1', '-port', String(port)],
    }),
    { path: '/version' },
  )
  const call: Api = async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`toxiproxy: ${method} ${path}: ${answer.status} ${text}`)
    return text === '' ? undefined : JSON.parse(text)
  }
  let links = 0
  return {
    ...server,
    async link(to) {
      const name = `link${links++}`
      const request = { name, listen: '127.0.0.1:0', upstream: `127.0.0.1:${to}`, enabled: true }
      const { listen } = (await call('POST', '/proxies', request)) as { listen: string }
      return new FaultyLink(call, name, Number(listen.split(':').at(-1)))
    },
  }
}
