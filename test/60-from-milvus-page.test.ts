/** The program of docs/from-milvus.md prints what the page says, and its names are exported. */
import { join } from 'node:path'
import * as packed from '../lib/index.js'
import { blocksOf, outputOf, readPage, typeErrors } from './support/page-code.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const ROOT = join(__dirname, '..')

describe('docs/from-milvus.md', () => {
  const directory = temporaryDirectory('from-milvus-page')
  const tree = join(directory, 'tree')
  const page = readPage('docs/from-milvus.md')
  const program = blocksOf(page, 'ts').join('\n')
  const [places, ...printed] = blocksOf(page, 'text') as [string, ...string[]]

  test('its blocks type-check against the built package', () => {
    expect(typeErrors(directory, program)).toBe('')
  })

  test('they print what the page says, and leave a tree as it shows', () => {
    const output = outputOf(directory, program.replaceAll('build/from-milvus', tree), ROOT)
    expect(output).toBe(printed.join(''))
    const shapes = places.split('\n').map((line) => line.replace(/\{[^}]*\}/g, '[^/]+'))
    const files = filesBelow(join(tree, 'files')).map((file) => file.slice(tree.length + 1))
    const logs = files.filter((file) => /_log\/|bm25_stats\//.test(file))
    const own = logs.filter((file) => !file.includes('/export/'))
    expect(own.length).toBeGreaterThan(4)
    for (const file of own) {
      expect(shapes.filter((shape) => new RegExp(`^${shape}$`).test(file))).toHaveLength(1)
    }
  })

  test('the functions and classes of its table are there', () => {
    const cells = [...page.matchAll(/^\| .* \| (.*) \|$/gm)].map(([, cell]) => cell!)
    const names = cells.flatMap((cell) =>
      [...cell.matchAll(/`([a-zA-Z]{8,})`/g)].map(([, n]) => n!),
    )
    expect(names.length).toBeGreaterThan(20)
    const options = ['l0Deltalogs', 'FieldBinlog', 'MetaStore']
    const missing = names.filter((name) => !(name in packed) && !options.includes(name))
    expect(missing).toEqual([])
  })
})
