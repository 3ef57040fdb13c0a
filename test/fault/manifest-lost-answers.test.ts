/** Commits whose answers the network loses: whether they went through or not, they happen once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { isPackedError, type PackedErrorCode } from '../../lib/errors/index.js'
import { type Manifest, ManifestStore, ManifestTransaction } from '../../lib/manifest/index.js'
import { type ChunkManager, openChunkManager } from '../../lib/storage/index.js'
import { BASE, groupOf } from '../support/manifest-parts.js'
import {
  describeWithServers,
  startVersitygw,
  storageAt,
  type TestServer,
} from '../support/object-servers.js'
import { Random } from '../support/random.cjs'
import { rejection } from '../support/rejection.js'
import { temporaryDirectory } from '../support/temporary.js'
import {
  type Direction,
  type FaultyLink,
  startToxiproxy,
  type Toxiproxy,
} from '../support/toxiproxy.js'

const SEED = 11
const OUTAGE: readonly PackedErrorCode[] = ['Timeout', 'Network']
/** What a commit is tried again after. */
const GOES_ON: readonly PackedErrorCode[] = [...OUTAGE, 'RetriesExhausted']
const directory = temporaryDirectory('manifest-lost-answers')

const namesIn = ({ columnGroups: [group] }: Manifest) =>
  group!.files.map(({ path }) => /(\w+)\.parquet$/.exec(path)![1]!)

describeWithServers('answers that are lost', () => {
  let server: TestServer
  let toxiproxy: Toxiproxy

  beforeAll(async () => {
    server = await startVersitygw(directory)
    toxiproxy = await startToxiproxy()
  })
  afterAll(async () => {
    await toxiproxy.stop()
    await server.stop()
  })

  /** A writer behind the link who soon gives up, and a way past it. */
  async function segment(rootPath: string) {
    const link: FaultyLink = await toxiproxy.link(server.port)
    const limits = { rootPath, requestTimeoutMs: 200, retryTimeoutMs: 500 }
    const chunkManager = await openChunkManager(storageAt(link.port, limits))
    const direct = await openChunkManager(storageAt(server.port, { rootPath }))
    const begin = async (name: string, through: ChunkManager) => {
      const options = { chunkManager: through, basePath: BASE, resolver: 'merge' } as const
      const transaction = await ManifestTransaction.open(options)
      return transaction.appendFiles([groupOf('id', { [name]: 1 })])
    }
    await (await begin('first', chunkManager)).commit()
    const write = chunkManager.write.bind(chunkManager)
    const read = chunkManager.read.bind(chunkManager)
    let end = async () => {}
    const cut = async (direction: Direction) => {
      end = await link.add({ type: 'timeout', timeout: 0 }, direction)
    }
    const mend = async () => {
      Object.assign(chunkManager, { write, read })
      await end()
    }
    return {
      link,
      begin: (name: string) => begin(name, chunkManager),
      commitElsewhere: async (name: string) => (await begin(name, direct)).commit(),
      store: new ManifestStore(direct, BASE),
      /** From the next object on that is written nothing passes in a direction. */
      cutAtWrite(direction: Direction): () => Promise<void> {
        chunkManager.write = async (...args) => {
          await cut(direction)
          return write(...args)
        }
        return mend
      },
      /** The next object that is written is there when the write comes; then nothing passes. */
      cutBehindRefusal(): () => Promise<void> {
        chunkManager.write = async (...args) => {
          await direct.write(...args)
          await write(...args).finally(() => cut('downstream'))
        }
        return mend
      },
      /** Nothing passes behind the next object that is read. */
      cutBehindRead(): () => Promise<void> {
        chunkManager.read = async (...args) => {
          const bytes = await read(...args)
          await cut('downstream')
          return bytes
        }
        return mend
      },
    }
  }

  test('it went through: the next commit of the transaction says which version it is', async () => {
    const { begin, cutAtWrite, store, commitElsewhere } = await segment('through')
    const transaction = await begin('ours')
    const mend = cutAtWrite('downstream')
    const error = await rejection(() => transaction.commit())
    expect([OUTAGE.includes(error.code), error.retryable]).toEqual([true, true])
    expect(namesIn(await store.read(2))).toEqual(['first', 'ours'])
    await commitElsewhere('theirs')
    await mend()
    const { version, manifest } = await transaction.commit()
    expect([version, namesIn(manifest)]).toEqual([2, ['first', 'ours']])
    expect((await rejection(() => transaction.commit())).code).toBe('Closed')
    expect(await store.versions()).toEqual([1, 2, 3])
    expect(namesIn(await store.read(3))).toEqual(['first', 'ours', 'theirs'])
  })

  test('it went through at the first try: a second one that is refused is no answer', async () => {
    const { begin, cutBehindRefusal, store } = await segment('refused')
    const transaction = await begin('ours')
    const mend = cutBehindRefusal()
    expect(OUTAGE).toContain((await rejection(() => transaction.commit())).code)
    await mend()
    expect((await transaction.commit()).version).toBe(2)
    expect(await store.versions()).toEqual([1, 2])
  })

  test('it went through, and the next commit loses the connection when it has found that', async () => {
    const { begin, cutAtWrite, cutBehindRead, store } = await segment('found')
    const transaction = await begin('ours')
    await cut(cutAtWrite('downstream'))
    await cut(cutBehindRead())
    expect((await transaction.commit()).version).toBe(2)
    expect(await store.versions()).toEqual([1, 2])

    async function cut(mend: () => Promise<void>): Promise<void> {
      expect(OUTAGE).toContain((await rejection(() => transaction.commit())).code)
      await mend()
    }
  })

  test('it did not: the next commit makes the version, or one behind those of others', async () => {
    const { begin, cutAtWrite, store, commitElsewhere } = await segment('lost')
    const [quiet, busy] = [await begin('quiet'), await begin('busy')]
    for (const [transaction, expected, others] of [
      [quiet, 2, async () => {}],
      [busy, 4, () => commitElsewhere('theirs')],
    ] as const) {
      const mend = cutAtWrite('upstream')
      expect(OUTAGE).toContain((await rejection(() => transaction.commit())).code)
      await others()
      await mend()
      expect((await transaction.commit()).version).toBe(expected)
    }
    expect(namesIn(await store.read(4))).toEqual(['first', 'quiet', 'theirs', 'busy'])
  })

  test('whose version is gone by then is not told anything wrong', async () => {
    const { begin, cutAtWrite, store, commitElsewhere } = await segment('gone')
    const transaction = await begin('ours')
    const mend = cutAtWrite('downstream')
    await rejection(() => transaction.commit())
    await commitElsewhere('theirs')
    for (const version of [1, 2]) await store.remove(version)
    await mend()
    const error = await rejection(() => transaction.commit())
    expect(error.code).toBe('PreconditionFailed')
    expect(error.message).toMatch(/version 2 .* is not known$/)
    expect(namesIn(await store.read(3))).toEqual(['first', 'ours', 'theirs'])
  })

  test('at any moment, again and again: every file once', async () => {
    const { begin, store, commitElsewhere, link } = await segment('random')
    const random = new Random(SEED)
    let isDone = false
    let cuts = 0
    const faults = async () => {
      while (!isDone) {
        await sleep(random.below(150))
        const direction = random.below(3) === 0 ? 'upstream' : 'downstream'
        const end = await link.add({ type: 'timeout', timeout: 0 }, direction)
        await sleep(400 + random.below(700))
        await end()
        cuts += 1
      }
    }
    let failures = 0
    const insist = async <T>(action: () => Promise<T>): Promise<T> => {
      for (;;) {
        try {
          return await action()
        } catch (error) {
          if (!isPackedError(error) || !GOES_ON.includes(error.code)) throw error
          failures += 1
        }
      }
    }
    const names = Array.from({ length: 15 }, (_, at) => `n${at}`)
    const faulting = faults()
    for (const name of names) {
      const transaction = await insist(() => begin(name))
      await commitElsewhere(`other_${name}`)
      await insist(() => transaction.commit())
      await sleep(random.below(200))
    }
    isDone = true
    await faulting
    process.stderr.write(`${failures} failures in ${cuts} cuts\n`)
    expect(failures).toBeGreaterThan(3)
    const versions = await store.versions()
    expect(versions).toEqual(Array.from({ length: 31 }, (_, at) => at + 1))
    const expected = ['first', ...names.flatMap((name) => [name, `other_${name}`])]
    expect(namesIn(await store.read(31)).sort()).toEqual(expected.sort())
  }, 120_000)
})
