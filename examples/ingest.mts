// The code of docs/ingest.md in one piece; run from the root of a checkout.
import { readFile, rm } from 'node:fs/promises'
import { tableFromIPC } from 'apache-arrow'
import { convertFromArrowSchema, IngestWorker } from 'arrow-packed'

const directory = 'build/ingest'
await rm(directory, { recursive: true, force: true })

const words = tableFromIPC(await readFile('examples/data/words-100d.arrow'))
const schema = convertFromArrowSchema(words.schema, { name: 'words', primaryKey: 'id' })
const worker = await IngestWorker.open({ directory, schema })

for (let first = 0; first < words.numRows; first += 1000) {
  const rows = words.slice(first, first + 1000)
  await worker.write({ source: 'words', sequence: first + 1000, rows })
}
console.log(`${worker.status().rows} rows accepted`)

const repeated = await worker.write({ source: 'words', sequence: 8000, rows: words.slice(7000) })
console.log(`repeated: ${repeated.repeated}`)

await worker.write({ source: 'corrections', sequence: 1, deletes: [1n, 2n] })

await worker.close({ flush: false })

import { prometheusMeter } from 'arrow-packed'

const meter = await prometheusMeter()
const again = await IngestWorker.open({ directory, meter })
console.log(`${again.recovered.messages} messages of the log were in no segment`)
console.log(`words has come to ${again.lastSequence('words')}`)

import { serveWorker } from 'arrow-packed'

const server = await serveWorker({ worker: again, metrics: meter, port: 0 })
await again.flush()
const page = await (await fetch(`${server.url}/metrics`)).text()
console.log(page.match(/^arrow_packed_segments_flushed_total.*$/m)?.[0])
const health = await fetch(`${server.url}/healthz`)
console.log(health.status, (await health.text()).trim())
await server.close()
await again.close()

import {
  collectGarbage,
  LocalChunkManager,
  LocalMetaStore,
  MetaCatalog,
  SegmentReader,
} from 'arrow-packed'

const store = await LocalMetaStore.open(`${directory}/meta`)
const catalog = new MetaCatalog(store)
const chunkManager = new LocalChunkManager({ rootPath: `${directory}/segments` })
const { collectionId } = again.status()
for (const segment of await catalog.segmentsToRead(collectionId)) {
  const { schema, binlogs, deltalogs, l0Deltalogs } = segment
  const logs = { schema, binlogs, deltalogs, l0Deltalogs }
  const reader = await SegmentReader.open({ ...logs, chunkManager, columns: ['id', 'word'] })
  const table = await reader.toTable()
  console.log(`${table.numRows} of ${segment.numRows} rows, the first: ${table.get(0)?.word}`)
}

const { objects, uploads } = await collectGarbage({ catalog, chunkManager, dryRun: true })
console.log(`${objects.length} files and ${uploads.length} uploads to remove`)
await store.close()
