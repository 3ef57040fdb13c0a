/**
 * node end-in-silence.cjs <storage as JSON> <prefix> <read|write|leave>: wait for a store that says
 * nothing, print the code of the error, and leave nothing that keeps the process alive. `leave`
 * does not wait for the answer.
 */
const { PackedReader, PackedWriter } = require('./packed.cjs')
const { NUMBERED_SCHEMA, numberedBatch } = require('./numbered-rows.cjs')

const [storageText, prefix, mode] = process.argv.slice(2)
const storage = JSON.parse(storageText)

async function write() {
  const groups = [{ id: 0, path: `${prefix}/0`, fields: NUMBERED_SCHEMA.names }]
  const writer = await PackedWriter.open({ schema: NUMBERED_SCHEMA, groups, storage })
  await writer.write(numberedBatch(1, 0, 100))
  await writer.finish()
}

const read = () => PackedReader.open({ paths: [`${prefix}/0`], storage })

const done = (mode === 'write' ? write() : read()).then(
  () => 'success',
  ({ code }) => code,
)
if (mode === 'leave') process.exitCode = 7
else done.then((outcome) => process.stdout.write(`${JSON.stringify(outcome)}\n`))
if (mode === 'leave') setTimeout(() => process.exit(), 300)
