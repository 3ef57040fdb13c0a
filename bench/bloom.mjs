/**
 * node bench/bloom.mjs [keys] [rounds]: nanoseconds a key to fill a filter of primary keys and to
 * ask it, for both kinds of filter and of keys; beside them the Go libraries that Milvus uses, in
 * the same run where Go is present, on the same keys. Prints medians; asserts nothing.
 *
 * `add` and `test` are one native call over a column in Arrow form; `build` is everything from the
 * caller's keys on, encoding of strings included. One thread at work each.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Int64, makeData, Utf8 } from 'apache-arrow'
import { DataType, PrimaryKeyFilter, PrimaryKeyStats } from '../dist/esm/index.js'

const KEYS = Number(process.argv[2] ?? 1_000_000)
const ROUNDS = Number(process.argv[3] ?? 5)
const FALSE_POSITIVE = 0.001

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const PROGRAM = join(ROOT, 'build', 'test', 'bloom_go')

/** Deterministic 64-bit noise: keys in no order. */
function noise(count) {
  const values = new BigInt64Array(count)
  let state = 1n
  for (let i = 0; i < count; i++) {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n)
    values[i] = BigInt.asIntN(64, state ^ (state >> 33n))
  }
  return values
}

function utf8Data(texts) {
  const data = Buffer.from(texts.join(''))
  const valueOffsets = new Int32Array(texts.length + 1)
  for (const [i, text] of texts.entries()) valueOffsets[i + 1] = valueOffsets[i] + text.length
  return makeData({ type: new Utf8(), length: texts.length, nullCount: 0, valueOffsets, data })
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]

async function nsPerKey(work) {
  const times = []
  for (let round = 0; round <= ROUNDS; round++) {
    const start = process.hrtime.bigint()
    await work()
    const elapsed = Number(process.hrtime.bigint() - start) / KEYS
    if (round > 0) times.push(elapsed) // the first one warms up
  }
  return median(times)
}

async function measure(kind, { pkType, keys, data }) {
  const filled = PrimaryKeyFilter.empty(kind, KEYS, FALSE_POSITIVE)
  await filled.add(data)
  return {
    k: filled.parts().k,
    add: await nsPerKey(() => PrimaryKeyFilter.empty(kind, KEYS, FALSE_POSITIVE).add(data)),
    test: await nsPerKey(() => filled.test(data)),
    build: await nsPerKey(() =>
      PrimaryKeyStats.build({ fieldId: 100, pkType, keys: [keys], kind }),
    ),
  }
}

/** Filling by the Go libraries; undefined without Go. */
function measureGo(kind, { keys }) {
  const list = [...keys].map((key) => (typeof key === 'bigint' ? key : JSON.stringify(key)))
  const name = typeof keys[0] === 'bigint' ? 'numbers' : 'texts'
  const request =
    `{"kind":"${kind}","capacity":${KEYS},"falsePositive":${FALSE_POSITIVE},` +
    `"${name}":[${list.join(',')}]}\n`
  const input = request.repeat(ROUNDS)
  const run = spawnSync(PROGRAM, { input, encoding: 'utf8', maxBuffer: 2 ** 30 })
  if (run.error || run.status !== 0) return undefined
  return median(Array.from(run.stdout.matchAll(/"nsPerKey":([\d.]+)/g), ([, ns]) => Number(ns)))
}

mkdirSync(dirname(PROGRAM), { recursive: true })
spawnSync('go', ['build', '-o', PROGRAM, '.'], { cwd: join(ROOT, 'test', 'interop', 'bloom_go') })

const numbers = noise(KEYS)
const texts = Array.from(numbers, (key) => `user-${String(key).padStart(20, '0')}`)
const columns = {
  int64: {
    pkType: DataType.Int64,
    keys: numbers,
    data: makeData({ type: new Int64(), length: KEYS, nullCount: 0, data: numbers }),
  },
  varchar: { pkType: DataType.VarChar, keys: texts, data: utf8Data(texts) },
}

console.log(`${KEYS} keys, ${ROUNDS} rounds, nanoseconds a key (median)`)
console.log('filter   keys     k   add  test  build  add in Go')
for (const kind of ['blocked', 'basic']) {
  for (const [name, column] of Object.entries(columns)) {
    const { k, add, test, build } = await measure(kind, column)
    const go = measureGo(kind, column)
    const figures = [add, test, build, go].map((ns) => (ns?.toFixed(0) ?? '-').padStart(6))
    console.log(`${kind.padEnd(8)} ${name.padEnd(7)} ${String(k).padStart(2)}${figures.join('')}`)
  }
}
