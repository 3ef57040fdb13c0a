/** The program of docs/filters.md prints what the page says. */
import { join } from 'node:path'
import { blocksOf, outputOf, readPage, typeErrors } from './support/page-code.js'
import { temporaryDirectory } from './support/temporary.js'

const ROOT = join(__dirname, '..')

describe('docs/filters.md', () => {
  const directory = temporaryDirectory('filters-page')
  const page = readPage('docs/filters.md')
  const program = blocksOf(page, 'ts')
    .join('\n')
    .replaceAll('build/filtered', join(directory, 'filtered'))

  test('its block type-checks against the built package', () => {
    expect(typeErrors(directory, program)).toBe('')
  })

  test('it prints what the page says', () => {
    expect(outputOf(directory, program, ROOT)).toBe(blocksOf(page, 'text').join(''))
  })
})
