/** Writes and reads a few rows, and has one writer fail: what is told of it is somebody else's. */
const { makeVector, Table } = require('apache-arrow')
const { PackedReader, PackedWriter } = require('./packed.cjs')

async function main([directory]) {
  const table = new Table({ id: makeVector(new BigInt64Array(10)) })
  const options = { schema: table.schema, fieldIds: 'auto' }
  const writer = await PackedWriter.open({ ...options, directory })
  await writer.write(table)
  const { groups } = await writer.finish()
  const paths = groups.map(({ path }) => path)
  const reader = await PackedReader.open({ paths })
  await reader.take([3])
  await reader.toTable()
  await reader.close()
  const failing = await PackedWriter.open({ ...options, directory: `${directory}-failing` })
  await failing.write({}).catch(() => {})
  await failing.close()
}

main(process.argv.slice(2))
