/** node segment-until-full.cjs <root> <number> <rows>: write a numbered segment, print how it ended. */
const { readdirSync } = require('node:fs')
const { join } = require('node:path')
const { writeNumbered } = require('./numbered-segment.cjs')

const [root, number, rows] = process.argv.slice(2)

async function main() {
  let ended = null
  try {
    await writeNumbered(root, Number(number), Number(rows))
  } catch ({ name, code, retryable }) {
    ended = { name, code, retryable }
  }
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(({ path, name }) => join(path, name))
  process.stdout.write(`${JSON.stringify({ ended, files: files.length })}\n`)
}

main()
