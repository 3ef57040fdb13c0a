/** Worker: chooses encodings for the same rows again and again, until somebody ends it. */
const { parentPort } = require('node:worker_threads')
const { optimizeColumnLayout } = require('./packed.cjs')
const { numberedBatch } = require('./numbered-rows.cjs')

async function main() {
  const batch = numberedBatch(0, 0, 50_000)
  for (;;) {
    const running = optimizeColumnLayout(batch)
    parentPort.postMessage('choosing')
    await running
  }
}

main()
