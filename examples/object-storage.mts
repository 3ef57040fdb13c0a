// The code of docs/object-storage.md in one piece; run from the root of a checkout.
import { tableFromArrays } from 'apache-arrow'
import {
  describeStorage,
  openChunkManager,
  PackedReader,
  PackedWriter,
  resumeUploads,
  storageConfigFromEnv,
  storageMetrics,
} from 'arrow-packed'

const storage = storageConfigFromEnv()
console.log(describeStorage(storage).secretAccessKey)

const table = tableFromArrays({ id: BigInt64Array.of(1n, 2n, 3n), score: Float32Array.of(1, 2, 3) })
const writer = await PackedWriter.open({
  schema: table.schema,
  fieldIds: 'auto',
  groups: 'perField',
  directory: 'example/seg',
  ifExists: 'replace',
  storage,
})
try {
  await writer.write(table)
  const { groups } = await writer.finish()
  console.log(groups.map(({ path, rows }) => `${path}: ${rows} rows`))
} finally {
  await writer.close()
}

const paths = ['example/seg/100', 'example/seg/101']
const reader = await PackedReader.open({ paths, storage })
for await (const batch of reader) console.log(batch.getChild('score')?.toArray())

const chunks = await openChunkManager(storage)
await chunks.write('example/note', Buffer.from('written whole, or not at all'))
for await (const { path } of chunks.walk('example/')) console.log(path)

const spooled = await PackedWriter.open({
  schema: table.schema,
  fieldIds: 'auto',
  groups: 'single',
  directory: 'example/spooled',
  ifExists: 'replace',
  spool: 'build/spool',
  storage,
})
try {
  await spooled.write(table)
  await spooled.finish()
} finally {
  await spooled.close()
}
const { published, removed, failed } = await resumeUploads({ spool: 'build/spool', storage })
console.log({ published, removed, failed })
await chunks.removeWithPrefix('example/')

const [metrics] = storageMetrics()
console.log(metrics?.filesystem.endsWith('/segments'), metrics?.openUploads, metrics?.abandoned)
