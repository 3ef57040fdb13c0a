import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '..')

/** The three strings of every rule in the C++ table; adjacent literals are one string. */
function rulesOfCore(): string[][] {
  const header = readFileSync(join(root, 'cpp', 'src', 'read_type.h'), 'utf8')
  const table = /kRestoreRules\{\{(.*?)\}\};/s.exec(header)![1]!.replace(/"\s*\n\s*"/g, '')
  return [...table.matchAll(/\{\s*"(.*?)",\s*"(.*?)",\s*"(.*?)"\s*\}/gs)].map((match) =>
    match.slice(1, 4),
  )
}

test('docs/types.md has every restore rule of the core, and no other', () => {
  const page = readFileSync(join(root, 'docs', 'types.md'), 'utf8')
  const table = /<!-- restore rules -->(.*?)<!-- end/s.exec(page)![1]!
  const rows = table
    .trim()
    .split('\n')
    .slice(2)
    .map((line) => line.split('|').slice(1, 4))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll('\\', '')))
  expect(rows.length).toBeGreaterThan(10)
  expect(rows).toEqual(rulesOfCore())
})
