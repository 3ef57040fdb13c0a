/** Worker: quantizes vectors and decodes codes until somebody ends it. */
const { parentPort } = require('node:worker_threads')
const { dequantizeVectors, quantizeVectors } = require('./packed.cjs')

const DIM = 16
const values = Float32Array.from({ length: DIM * 20_000 }, (_, i) => Math.sin(i))

async function forever() {
  for (;;) {
    const calls = Array.from({ length: 4 }, () => quantizeVectors({ values, dim: DIM }))
    for (const quantized of await Promise.all(calls)) await dequantizeVectors(quantized)
    parentPort.postMessage('one round')
  }
}

forever()
