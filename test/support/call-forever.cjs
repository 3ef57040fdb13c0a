/** Worker: is inside a synchronous call of the addon nearly all the time, until somebody ends it. */
const { parentPort } = require('node:worker_threads')
const { exportRecordBatch, importRecordBatch } = require('../../dist/cjs/cdata/public.js')
const { numberedBatch } = require('./numbered-rows.cjs')

const batch = numberedBatch(0, 0, 4)
parentPort.postMessage('calling')
for (;;) importRecordBatch(exportRecordBatch(batch))
