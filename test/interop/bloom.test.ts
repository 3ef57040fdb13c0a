/** Bloom filters against other implementations: hash-wasm's xxh3, and the Go libraries of Milvus. */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { xxhash3 } from 'hash-wasm'
import {
  PrimaryKeyFilter,
  PrimaryKeyStats,
  parsePrimaryKeyStats,
  serializePrimaryKeyStats,
} from '../../lib/binlog/index.js'
import { stringifyExact } from '../../lib/config/index.js'
import { DataType } from '../../lib/schema/index.js'
import { Random } from '../support/random.cjs'

type Kind = 'basic' | 'blocked'
type Keys = BigInt64Array | string[]

const LETTERS = ['a', 'Z', '0', '<', '"', '\\', 'é', '～', '😀', '\u0000', '\u2028']

function randomNumbers(count: number, random: Random): BigInt64Array {
  return new BigInt64Array(random.bytes(8 * count).buffer)
}

/** Short ones mostly; some beyond 240 bytes, where xxh3 takes its long way. */
function randomTexts(count: number, random: Random): string[] {
  return Array.from({ length: count }, () => {
    const length = random.below(random.pick([4, 20, 150, 700]))
    return Array.from({ length }, () => random.pick(LETTERS)).join('')
  })
}

function build(keys: Keys, kind: Kind, falsePositive = 0.001): Promise<PrimaryKeyStats> {
  const pkType = Array.isArray(keys) ? DataType.VarChar : DataType.Int64
  return PrimaryKeyStats.build({ fieldId: 100, pkType, keys: [keys], kind, falsePositive })
}

/** The filter as it stands in the file. */
function filterText(stats: PrimaryKeyStats): string {
  const text = Buffer.from(serializePrimaryKeyStats(stats)).toString()
  return text.slice(text.indexOf('"bf":') + 5, text.indexOf(',"pkType"'))
}

describe('xxh3 of hash-wasm', () => {
  /** A blocked filter from the description of it: bits of 64-byte blocks by double hashing. */
  function fill(hashes: bigint[], blocks: number, k: number): Uint8Array {
    const bytes = new Uint8Array(64 * blocks)
    for (const hash of hashes) {
      const low = BigInt.asUintN(32, hash)
      const block = Number((low * BigInt(blocks)) >> 32n)
      let [position, step] = [Number(hash >> 32n), Number(low)]
      for (let i = 1; i < k; i++) {
        position = (position + step) >>> 0
        step = (step + i) >>> 0
        bytes[64 * block + ((position >>> 3) & 63)]! |= 1 << (position & 7)
      }
    }
    return bytes
  }

  async function hashesOf(keys: Keys): Promise<bigint[]> {
    const hashed = Array.isArray(keys)
      ? keys.map((key) => xxhash3(key))
      : [...keys].map((key) => xxhash3(new Uint8Array(BigInt64Array.of(key).buffer)))
    return (await Promise.all(hashed)).map((hex) => BigInt(`0x${hex}`))
  }

  test.each([
    ['int64', randomNumbers(3000, new Random(1))],
    ['VarChar', randomTexts(3000, new Random(2))],
  ])('%s keys set the same bits', async (_, keys) => {
    const { k, bits, bytes } = (await build(keys, 'blocked')).filter.parts()!
    const expected = fill(await hashesOf(keys), bits / 512, k)
    expect(Buffer.compare(bytes, expected)).toBe(0)
  })
})

interface GoReply {
  filter?: unknown
  sizes?: [bits: number, k: number][]
}

const PROGRAM = join(__dirname, '..', '..', 'build', 'test', 'bloom_go')

/** Why the Go program cannot be built, or null when it was. */
function whyNoGo(): string | null {
  mkdirSync(join(PROGRAM, '..'), { recursive: true })
  const run = spawnSync('go', ['build', '-o', PROGRAM, '.'], {
    cwd: join(__dirname, 'bloom_go'),
    encoding: 'utf8',
  })
  if (run.error) return run.error.message
  return run.status === 0 ? null : (run.stderr.trim().split('\n').at(-1) ?? 'go build failed')
}

function describeWithGo(name: string, body: () => void): void {
  const reason = whyNoGo()
  if (reason === null) {
    describe(name, body)
  } else {
    process.stderr.write(`NOT RUN (no Go: ${reason}): ${name}\n`)
    describe.skip(name, body)
  }
}

describeWithGo('the Go libraries of Milvus', () => {
  /** Lines of the program, one for each request. */
  function ask(requests: object[]): string[] {
    const input = requests.map((request) => stringifyExact(request)).join('\n')
    const run = spawnSync(PROGRAM, { input, encoding: 'utf8', maxBuffer: 1 << 28 })
    if (run.status !== 0) throw new Error(`Expected replies but received: ${run.stderr}`)
    return run.stdout.trim().split('\n')
  }

  const requestOf = (keys: Keys, kind: Kind, falsePositive: number) => ({
    kind,
    falsePositive,
    capacity: keys.length,
    ...(Array.isArray(keys) ? { texts: keys } : { numbers: [...keys] }),
  })

  describe.each(['basic', 'blocked'] as const)('%s', (kind) => {
    test.each([1, 2, 3, 10, 77, 1000, 5000])('%i keys: the same JSON', async (count) => {
      const random = new Random(count)
      const columns = [randomNumbers(count, random), randomTexts(count, random)]
      const rates = [0.001, 0.02]
      const cases = columns.flatMap((keys) => rates.map((rate) => ({ keys, rate })))
      const replies = ask(cases.map(({ keys, rate }) => requestOf(keys, kind, rate)))
      expect(replies.length).toBe(cases.length)
      for (const [index, { keys, rate }] of cases.entries()) {
        const text = filterText(await build(keys, kind, rate))
        expect(replies[index]!.startsWith(`{"filter":${text},"nsPerKey":`)).toBe(true)
      }
    })

    test('our reader takes its JSON and finds every key', async () => {
      const keys = randomNumbers(5000, new Random(9))
      const [reply] = ask([requestOf(keys, kind, 0.001)])
      const { filter } = JSON.parse(reply!) as GoReply
      // Without a range, which could rule keys out.
      const text = JSON.stringify({ fieldID: 1, bfType: kind === 'basic' ? 3 : 4, bf: filter })
      const [stats] = parsePrimaryKeyStats(Buffer.from(text))
      expect(stats!.filter.kind).toBe(kind)
      expect((await stats!.mayContain(keys)).every((mark) => mark === 1)).toBe(true)
      const others = await stats!.mayContain(randomNumbers(5000, new Random(10)))
      expect(others.reduce((sum, mark) => sum + mark, 0)).toBeLessThan(25)
    })

    test.each([0.001, 0.5, 0.9, 1e-6, 1e-12])('sizes with false positives of %d', (rate) => {
      const random = new Random(5)
      const sizesOf = [
        ...Array.from({ length: 300 }, (_, i) => i + 1),
        ...Array.from({ length: 50 }, () => 1 + random.below(500_000)),
      ]
      const [reply] = ask([{ kind, falsePositive: rate, sizesOf }])
      const { sizes } = JSON.parse(reply!) as GoReply
      const ours = sizesOf.map((capacity) => {
        const { bits, k } = PrimaryKeyFilter.empty(kind, capacity, rate).parts()!
        return [bits, k]
      })
      expect(ours).toEqual(sizes)
    })
  })
})
