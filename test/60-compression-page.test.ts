/** The program of docs/compression.md prints what the page says; its tables are complete. */
import { join } from 'node:path'
import { compressionConfigFromEnv, DEFAULT_COMPRESSION_CONFIG } from '../lib/config/index.js'
import { packedOutput } from './support/command.js'
import { blocksOf, outputOf, readPage, typeErrors } from './support/page-code.js'
import { temporaryDirectory } from './support/temporary.js'

/** A value of every setting that is not its default. */
const VALUES: Readonly<Record<string, string>> = {
  'compression.level': '9',
  'compression.concurrency': '3',
  'compression.blockBytes': '2048',
  'compression.dictBytes': '512',
  'encoding.enableDeltaEncoding': 'false',
  'encoding.dictionaryThreshold': '0.5',
  'encoding.vectorQuantizationBits': '8',
}

/** Values by the name of the setting, as text. */
function flat(config: object): Record<string, string> {
  const entries = Object.entries(config).flatMap(([block, values]) =>
    Object.entries(values as object).map(([key, value]) => [`${block}.${key}`, String(value)]),
  )
  return Object.fromEntries(entries)
}

describe('docs/compression.md', () => {
  const directory = temporaryDirectory('compression-page')
  const page = readPage('docs/compression.md')
  const program = blocksOf(page, 'ts').join('\n')
  /** Cells of the rows that begin with a name, without the marks of code. */
  const rows = [...page.matchAll(/^\| (`.*) \|$/gm)].map(([, row]) =>
    row!.replaceAll('`', '').split(' | '),
  )
  const defaults = flat(DEFAULT_COMPRESSION_CONFIG)

  test('its blocks type-check against the built package', () => {
    expect(typeErrors(directory, program)).toBe('')
  })

  test('they print what the page says', async () => {
    // The files that the page tunes.
    const words = join(__dirname, '../examples/data/words-100d.arrow')
    await packedOutput(['write', words, '--out', join(directory, 'books')])
    expect(outputOf(directory, program)).toBe(blocksOf(page, 'text').join(''))
  })

  test('every setting is in its table with its default', () => {
    const listed = rows.filter(([name]) => /^(?:compression|encoding)\./.test(name!))
    const found = listed.map(([name, , value]) => {
      const [, count, unit] = /^(\d+) ([KM])iB$/.exec(value!) ?? []
      const bytes = Number(count) * (unit === 'K' ? 2 ** 10 : 2 ** 20)
      return [name, unit === undefined ? value : String(bytes)]
    })
    expect(Object.fromEntries(found)).toEqual(defaults)
  })

  test('every variable sets what its table says, and every setting has one', () => {
    const variables = rows.filter(([name]) => /^[A-Z_]+$/.test(name!))
    expect(new Set(variables.map(([, setting]) => setting))).toEqual(new Set(Object.keys(defaults)))
    for (const [variable, setting] of variables as [string, string][]) {
      const value = VALUES[setting]!
      const config = compressionConfigFromEnv({ [variable]: value })
      expect(flat(config)).toEqual({ ...defaults, [setting]: value })
      const wrong = () => compressionConfigFromEnv({ [variable]: 'x' })
      expect(wrong).toThrow(`for ${variable} but received "x"`)
    }
  })
})
