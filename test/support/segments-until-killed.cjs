/**
 * node segments-until-killed.cjs <root> <first number> <rows>: write one numbered segment after
 * the other until somebody kills this process.
 */
const { writeNumbered } = require('./numbered-segment.cjs')

const [root, first, rows] = process.argv.slice(2)

async function writeForever(number) {
  for (let next = number; ; next++) await writeNumbered(root, next, Number(rows))
}

process.stdout.write('"ready"\n')
writeForever(Number(first))
