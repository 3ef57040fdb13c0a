/** node exit-while-writing.cjs <directory> <code>: process.exit with writes, an open and a finish in flight. */
const { join } = require('node:path')
const { PackedWriter } = require('./packed.cjs')
const { NUMBERED_SCHEMA, numberedBatch } = require('./numbered-rows.cjs')

const [directory, code] = process.argv.slice(2)

function open(name) {
  const home = join(directory, name)
  return PackedWriter.open({
    schema: NUMBERED_SCHEMA,
    groups: [
      { id: 0, path: join(home, '0'), fields: ['pk', 'text'] },
      { id: 102, path: join(home, '102'), fields: ['embedding'] },
    ],
  })
}

async function main() {
  const batch = numberedBatch(0, 0, 50_000)
  const writers = [await open('a'), await open('b')]
  for (const writer of writers) {
    await writer.write(batch)
    for (let i = 0; i < 5; i++) writer.write(batch)
  }
  open('c')
  process.stdout.write('"exiting"\n')
  setTimeout(() => process.exit(Number(code)), 5)
}

main()
