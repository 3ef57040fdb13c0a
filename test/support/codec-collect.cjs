/**
 * node --expose-gc codec-collect.cjs: what is left of results, codecs, dictionaries and streams that
 * nobody holds. Prints bytes of the pool before and after, and of external memory.
 */
const { setImmediate: turn } = require('node:timers/promises')
const { Codec, memoryUsage, trainDictionary } = require('./packed.cjs')

const MAX_TURNS = 500
const bytes = Buffer.from('all work and no play makes jack a dull boy '.repeat(20_000))
const samples = Array.from({ length: 400 }, (_, i) => Buffer.from(`record ${i} of ${i % 7}`))

async function collectUntil(done) {
  for (let i = 0; i < MAX_TURNS && !done(); i++) {
    globalThis.gc()
    await turn()
  }
}

async function useEverything() {
  const dictionary = await trainDictionary(samples, { dictBytes: 512 })
  new Codec('zstd', { dictionary }).encodeSync(samples[0])
  for (const name of ['zstd', 'lz4', 'gzip', 'snappy', 'brotli']) {
    const codec = new Codec(name)
    for (let i = 0; i < 20; i++) await codec.decode(await codec.encode(bytes))
    codec.newReader() // forgotten
    const writer = codec.newWriter()
    writer.end(bytes)
    for await (const _ of writer.pipe(codec.newReader()));
  }
}

async function main() {
  await useEverything()
  const before = memoryUsage().poolBytes
  await useEverything()
  await collectUntil(() => memoryUsage().poolBytes <= before && memoryUsage().poolBytes < 1e6)
  const { poolBytes, borrowedBytes, pending } = memoryUsage()

  // Without a turn of the event loop no finalizer runs: only copies are given back.
  const codec = new Codec('zstd')
  const frame = codec.encodeSync(bytes)
  const external = process.memoryUsage().arrayBuffers
  for (let i = 0; i < 300; i++) codec.decodeSync(frame)
  globalThis.gc()
  const grown = process.memoryUsage().arrayBuffers - external
  process.stdout.write(`${JSON.stringify({ poolBytes, borrowedBytes, pending, grown })}\n`)
}

main()
