/** Both smokes in workers, at the same time. */
const { once } = require('node:events')
const { Worker } = require('node:worker_threads')

async function inWorker(file) {
  const worker = new Worker(require.resolve(file))
  const [[result]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
  return result
}

Promise.all(['./import.mjs', './require.cjs'].map(inWorker)).then((results) => {
  console.log(JSON.stringify(results))
})
