/** Worker: tries settings on the files of `workerData.paths` until somebody ends it. */
const { parentPort, workerData } = require('node:worker_threads')
const { tuneFiles } = require('./packed.cjs')

const { paths, scratch } = workerData
const onProgress = ({ done }) => {
  if (done === 1) parentPort.postMessage('tuning')
}

tuneFiles({ paths, scratch, rounds: 1000, onProgress })
