/** The program of docs/from-arrow.md prints what the page says. */
import { join } from 'node:path'
import { blocksOf, outputOf, readPage, typeErrors } from './support/page-code.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const ROOT = join(__dirname, '..')

describe('docs/from-arrow.md', () => {
  const directory = temporaryDirectory('from-arrow-page')
  const tree = join(directory, 'tree')
  const page = readPage('docs/from-arrow.md')
  const program = blocksOf(page, 'ts').join('\n')

  test('its blocks type-check against the built package', () => {
    expect(typeErrors(directory, program)).toBe('')
  })

  test('they print what the page says, and leave the files that they name', () => {
    // Node.js 20 has no `await using`: what it does at the end of the program is not printed.
    const plain = program.replaceAll('await using ', 'const ')
    const output = outputOf(directory, plain.replaceAll('build/from-arrow', tree), ROOT)
    expect(output.replaceAll(tree, 'build/from-arrow')).toBe(blocksOf(page, 'text').join(''))
    const files = filesBelow(tree).map((file) => file.slice(tree.length + 1))
    expect(files.sort()).toEqual(['one.parquet', 'words.arrows', 'words/0', 'words/102'])
  })
})
