/** The smoke by `import`, as a program or in a worker. */
import { isMainThread, parentPort } from 'node:worker_threads'
import * as arrow from 'apache-arrow'
import * as packed from 'arrow-packed'
import { exportStream } from 'arrow-packed/cdata'
import { smoke } from './smoke.cjs'

const directory = isMainThread ? 'import' : 'import-worker'
const result = { ...(await smoke(arrow, packed, directory)), cdata: typeof exportStream }
if (isMainThread) console.log(JSON.stringify(result))
else parentPort.postMessage(result)
