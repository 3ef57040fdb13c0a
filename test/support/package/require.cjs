/** The smoke by `require`, as a program or in a worker. */
const { isMainThread, parentPort } = require('node:worker_threads')
const arrow = require('apache-arrow')
const packed = require('arrow-packed')
const { exportStream } = require('arrow-packed/cdata')
const { smoke } = require('./smoke.cjs')

smoke(arrow, packed, isMainThread ? 'require' : 'require-worker').then((result) => {
  const answer = { ...result, cdata: typeof exportStream }
  if (isMainThread) console.log(JSON.stringify(answer))
  else parentPort.postMessage(answer)
})
