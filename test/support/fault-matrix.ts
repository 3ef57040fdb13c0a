/** Runs the cells of the fault matrix: one operation under one fault, and what is left of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isPackedError, type PackedErrorCode, type StorageConfig } from '../../lib/index.js'
import { storageMetrics } from '../../lib/storage/index.js'
import { DirectBucket } from './direct-bucket.js'
import { FAULTS, type Fault, type FaultName, MortalStore } from './network-faults.js'
import { BUCKET, storageAt } from './object-servers.js'
import { temporaryDirectory } from './temporary.js'
import { type FaultyLink, startToxiproxy, type Toxiproxy } from './toxiproxy.js'

/**
 * What a cell is to end in: `passes`, `recovers` with at least one retry that was counted, or one of
 * these codes.
 */
export type Outcome = 'passes' | 'recovers' | readonly PackedErrorCode[]

export const RETRY_MS = 3_000
/** What may be added to it: by two busy cores, and by calls that end one after the other. */
const SLACK_MS = 7_000
const OPEN_UPLOAD_MS = 10_000

/** What an operation gets. */
export interface Cell {
  /** A prefix of its own in the bucket. */
  prefix: string
  /** The store through the link. */
  storage: StorageConfig
  /** From here on the fault is there. */
  begin(): Promise<void>
}

/** The store, the proxy, and a way past both, for one column of the matrix. */
export class FaultMatrix {
  readonly #directory = temporaryDirectory('faults')
  #store!: MortalStore
  #proxy!: Toxiproxy
  #direct!: DirectBucket
  readonly #keys: string[] = []
  #cells = 0

  async start(): Promise<void> {
    this.#store = await MortalStore.start(this.#directory)
    this.#proxy = await startToxiproxy()
    this.#direct = new DirectBucket(this.#store.port)
  }

  async stop(): Promise<void> {
    this.#direct.close()
    await this.#proxy.stop()
    await this.#store.kill()
  }

  get direct(): DirectBucket {
    return this.#direct
  }

  /** The store without the link. */
  get storage(): StorageConfig {
    return storageAt(this.#store.port)
  }

  /**
   * Run an operation under a fault and hold it to its outcome and its deadline. Afterwards the
   * network is well, and no upload of `keys` is open.
   *
   * @returns whether it succeeded.
   */
  async run(
    name: FaultName,
    outcome: Outcome,
    keys: (prefix: string) => string[],
    operation: (cell: Cell) => Promise<void>,
  ): Promise<{ succeeded: boolean; prefix: string }> {
    const prefix = `cell${this.#cells++}`
    const link = await this.#proxy.link(this.#store.port)
    const storage = storageAt(link.port, {
      requestTimeoutMs: 500,
      retryTimeoutMs: RETRY_MS,
      multipartPartBytes: 5 << 20,
    })
    const happening = new Happening(FAULTS[name], link, this.#store)
    let failure: unknown
    try {
      await operation({ prefix, storage, begin: () => happening.begin() })
    } catch (error) {
      failure = error
    }
    const tookMs = happening.elapsedMs
    const { retries } = happening.counts()
    await happening.end()
    expectOutcome(outcome, failure, retries)
    expect(tookMs).toBeLessThan(RETRY_MS + SLACK_MS)
    this.#keys.push(...keys(prefix))
    expect(await this.#direct.uploadsLeft(keys(prefix), OPEN_UPLOAD_MS)).toBe(0)
    await link.close()
    return { succeeded: failure === undefined, prefix }
  }

  /** Of all cells so far: also of requests that a silent network has held back until it was well. */
  async uploadsLeft(): Promise<number> {
    await sleep(OPEN_UPLOAD_MS)
    return this.#direct.uploadsLeft(this.#keys, 0)
  }
}

/** A fault from its beginning to its end. */
class Happening {
  readonly #fault: Fault
  readonly #link: FaultyLink
  readonly #store: MortalStore
  #undo: () => Promise<void> = async () => {}
  #healing: Promise<void> | undefined
  #begunMs = 0
  #over = false

  constructor(fault: Fault, link: FaultyLink, store: MortalStore) {
    this.#fault = fault
    this.#link = link
    this.#store = store
  }

  get elapsedMs(): number {
    return Date.now() - this.#begunMs
  }

  /** What the requests through the link came to; of both halves, native and not. */
  counts(): { failed: number; retries: number } {
    const name = `127.0.0.1:${this.#link.port}/${BUCKET}`
    const found = storageMetrics().find(({ filesystem }) => filesystem === name)
    return { failed: found?.failed ?? 0, retries: found?.retries ?? 0 }
  }

  async begin(): Promise<void> {
    const before = this.counts().failed
    const store = this.#store
    this.#undo = await this.#fault.begin({
      link: this.#link,
      kill: () => store.kill(),
      revive: () => store.revive(),
    })
    this.#begunMs = Date.now()
    if (this.#fault.once) this.#healing = this.#healAfterFailure(before)
  }

  async #healAfterFailure(before: number): Promise<void> {
    while (!this.#over && this.counts().failed === before) await sleep(5)
    await this.#undo()
  }

  async end(): Promise<void> {
    this.#over = true
    if (this.#healing === undefined) await this.#undo()
    await this.#healing
    await this.#store.revive()
  }
}

function expectOutcome(outcome: Outcome, failure: unknown, retries: number): void {
  if (typeof outcome === 'string') {
    if (failure !== undefined) throw failure
    if (outcome === 'recovers') expect(retries).toBeGreaterThan(0)
  } else {
    if (failure === undefined) throw new Error(`Expected ${outcome.join(' or ')}, not success`)
    if (!isPackedError(failure)) throw failure
    expect(outcome).toContain(failure.code)
  }
}
