/** The program of docs/observability.md prints what the page says; its table has every event. */
import { join } from 'node:path'
import { PACKED_EVENTS } from '../lib/telemetry/index.js'
import { blocksOf, outputOf, readPage, typeErrors } from './support/page-code.js'
import { temporaryDirectory } from './support/temporary.js'

const ROOT = join(__dirname, '..')

describe('docs/observability.md', () => {
  const directory = temporaryDirectory('observability-page')
  const page = readPage('docs/observability.md')
  const program = blocksOf(page, 'ts')
    .join('\n')
    .replaceAll('build/observed', join(directory, 'observed'))

  test('its blocks type-check against the built package', () => {
    expect(typeErrors(directory, program)).toBe('')
  })

  test('they print what the page says', () => {
    expect(outputOf(directory, program, ROOT)).toBe(blocksOf(page, 'text').join(''))
  })

  test('every event is in its table', () => {
    const named = [...page.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, name]) => name)
    expect(named).toEqual([...PACKED_EVENTS])
  })
})
