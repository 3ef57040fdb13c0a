/** The rows of the fault matrix: what can happen between us and a store. */
import { startVersitygw, type TestServer } from './object-servers.js'
import type { Direction, FaultyLink, Toxic } from './toxiproxy.js'

/** A store with its link, for one cell. */
export interface FaultSite {
  link: FaultyLink
  /** Kills the store. */
  kill(): Promise<void>
  /** Starts it again, where it is not running. */
  revive(): Promise<void>
}

export interface Fault {
  /** Make it happen; the function that is returned ends it. */
  begin(site: FaultSite): Promise<() => Promise<void>>
  /** It is over as soon as one request has failed of it. */
  once?: boolean
}

const BOTH: readonly Direction[] = ['upstream', 'downstream']

function toxic(what: Toxic, directions: readonly Direction[] = BOTH): Fault['begin'] {
  return async ({ link }) => {
    const ends = await Promise.all(directions.map((direction) => link.add(what, direction)))
    return async () => {
      await Promise.all(ends.map((end) => end()))
    }
  }
}

const killed: Fault['begin'] = async (site) => {
  await site.kill()
  return () => site.revive()
}

const reset = toxic({ type: 'reset_peer', timeout: 0 })

export const FAULTS = {
  latency: { begin: toxic({ type: 'latency', latency: 100 }, ['downstream']) },
  bandwidth: { begin: toxic({ type: 'bandwidth', rate: 16_384 }) },
  'reset once': { begin: reset, once: true },
  'reset for good': { begin: reset },
  'truncated upload': {
    begin: toxic({ type: 'limit_data', bytes: 16_384 }, ['upstream']),
    once: true,
  },
  'truncated upload for good': {
    begin: toxic({ type: 'limit_data', bytes: 16_384 }, ['upstream']),
  },
  'truncated download': {
    begin: toxic({ type: 'limit_data', bytes: 4_096 }, ['downstream']),
    once: true,
  },
  blackhole: { begin: toxic({ type: 'timeout', timeout: 0 }) },
  'server killed': { begin: killed },
  'server killed and restarted': { begin: killed, once: true },
} satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS

/** versitygw that can be killed and comes back at the same port over the same folder. */
export class MortalStore {
  readonly #directory: string
  #server: TestServer
  #alive = true

  private constructor(directory: string, server: TestServer) {
    this.#directory = directory
    this.#server = server
  }

  static async start(directory: string): Promise<MortalStore> {
    return new MortalStore(directory, await startVersitygw(directory))
  }

  get port(): number {
    return this.#server.port
  }

  async kill(): Promise<void> {
    this.#alive = false
    await this.#server.stop('SIGKILL')
  }

  async revive(): Promise<void> {
    if (this.#alive) return
    this.#server = await startVersitygw(this.#directory, this.#server.port)
    this.#alive = true
  }
}
