/** Worker: encodes and decodes in every way at once, until somebody ends it. */
const { parentPort } = require('node:worker_threads')
const { Codec, trainDictionary } = require('./packed.cjs')

const bytes = Buffer.from('all work and no play makes jack a dull boy '.repeat(60_000))
const samples = Array.from({ length: 400 }, (_, i) => Buffer.from(`record ${i} of ${i % 7}`))

async function encodeForever(name, level) {
  const codec = new Codec(name, level === undefined ? {} : { level })
  for (;;) await codec.decode(await codec.encode(bytes))
}

async function streamForever(name) {
  const codec = new Codec(name)
  for (;;) {
    const writer = codec.newWriter({ blockBytes: 100_000 })
    writer.end(bytes)
    for await (const _ of writer.pipe(codec.newReader())) parentPort.postMessage('decoded')
  }
}

async function trainForever() {
  for (;;) await trainDictionary(samples, { dictBytes: 512 })
}

parentPort.postMessage('coding')
for (const name of ['zstd', 'lz4', 'gzip', 'snappy', 'brotli']) {
  encodeForever(name)
  streamForever(name)
}
encodeForever('zstd', 19)
trainForever()
