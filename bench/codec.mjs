/**
 * node bench/codec.mjs [rounds] [MiB] [levels]: MB/s of our `encode` beside the command zstd
 * (`zstd -b -i1 --single-thread`), in turns, at levels 1, 3, 9 and 19 on 64 MiB: libraries and
 * headers of the Arrow that is set up. One thread at work each. Prints the fastest of each and how
 * they relate; asserts nothing. Ours writes a checksum and the frame into new memory every time.
 */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Codec } from '../dist/esm/index.js'
import { inTemporaryFolder } from './driver/temporary.mjs'

const ROUNDS = Number(process.argv[2] ?? 3)
const BYTES = Number(process.argv[3] ?? 64) * 2 ** 20
const LEVELS = (process.argv[4] ?? '1,3,9,19').split(',').map(Number)
/** As long as the command measures, or once. */
const ROUND_MS = 1000

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const ARROW = join(ROOT, 'build', 'arrow', '26.0.1', 'pyarrow')

/** The first bytes of the wheel's headers and libraries, in the order of their names. */
function sampleBytes() {
  const wanted = /\.(h|hpp|so(\.\d+)?)$/
  const files = readdirSync(ARROW, { recursive: true }).filter((file) => wanted.test(file))
  const sample = Buffer.alloc(BYTES)
  let filled = 0
  for (const file of files.sort()) {
    if (filled < BYTES) filled += readFileSync(join(ARROW, file)).copy(sample, filled)
  }
  return sample.subarray(0, filled)
}

const rate = (bytes, ms) => bytes / 1e3 / ms

async function ours(level, sample) {
  const codec = new Codec('zstd', { level })
  const start = performance.now()
  let fastest = 0
  let size = 0
  do {
    const begin = performance.now()
    size = (await codec.encode(sample)).length
    fastest = Math.max(fastest, rate(sample.length, performance.now() - begin))
  } while (performance.now() - start < ROUND_MS)
  return { fastest, size }
}

/** "-> 21345678 (x3.14), 123.4 MB/s, 567.8 MB/s": sizes and speeds, compression first. */
function theirs(level, path) {
  const { status, stdout, stderr, error } = spawnSync(
    'zstd',
    [`-b${level}`, '-i1', '--single-thread', ...(level > 19 ? ['--ultra'] : []), path],
    { encoding: 'utf8' },
  )
  if (error || status !== 0) throw error ?? new Error(stderr)
  const last = `${stdout}${stderr}`.split('\r').findLast((line) => line.includes('MB/s'))
  const [, size, speed] = /->\s*(\d+) \([^)]*\),\s*([\d.]+) MB\/s/.exec(last)
  return { fastest: Number(speed), size: Number(size) }
}

await inTemporaryFolder('tmpfs', async (folder) => {
  const sample = sampleBytes()
  const path = join(folder, 'sample')
  writeFileSync(path, sample)
  console.log(`${sample.length} bytes, ${ROUNDS} rounds, fastest MB/s`)
  console.log('level  ours MB/s  zstd MB/s  ours/zstd  ours bytes  zstd bytes')
  for (const level of LEVELS) {
    const best = { ours: 0, zstd: 0 }
    let sizes = []
    for (let round = 0; round < ROUNDS; round++) {
      const [a, b] = [await ours(level, sample), theirs(level, path)]
      best.ours = Math.max(best.ours, a.fastest)
      best.zstd = Math.max(best.zstd, b.fastest)
      sizes = [a.size, b.size]
    }
    const cells = [best.ours.toFixed(1), best.zstd.toFixed(1), (best.ours / best.zstd).toFixed(3)]
    const [size, theirSize] = sizes.map((bytes) => String(bytes).padStart(12))
    console.log(
      `${String(level).padStart(5)}${cells.map((cell) => cell.padStart(11)).join('')}${size}${theirSize}`,
    )
  }
  rmSync(path)
})
