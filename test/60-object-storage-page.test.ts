/** The program of docs/object-storage.md is its example, and prints what the page says. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { STORAGE_CONFIG_KEYS } from '../lib/config/index.js'
import { PACKED_ERROR_CODES } from '../lib/errors/index.js'
import {
  ACCESS_KEY,
  BUCKET,
  noServers,
  SECRET_KEY,
  startVersitygw,
} from './support/object-servers.js'
import { blocksOf, outputOf, readPage, typeErrors } from './support/page-code.js'
import { temporaryDirectory } from './support/temporary.js'

if (noServers !== undefined) process.stderr.write(`NOT RUN (${noServers}): object storage page\n`)
const ROOT = join(__dirname, '..')

describe('docs/object-storage.md', () => {
  const directory = temporaryDirectory('object-storage-page')
  const page = readPage('docs/object-storage.md')
  const program = blocksOf(page, 'ts').join('\n')

  test('its blocks are the example', () => {
    const [comment, ...lines] = readPage('examples/object-storage.mts').split('\n')
    expect(comment).toMatch(/^\/\/ .*docs\/object-storage\.md/)
    expect(program).toBe(lines.join('\n'))
  })

  test('they type-check against the built package', () => {
    expect(typeErrors(directory, program)).toBe('')
  })

  if (noServers !== undefined) console.warn(`NOT RUN (${noServers}): they print what the page says`)
  ;(noServers ? test.skip : test)('they print what the page says', async () => {
    const server = await startVersitygw(join(directory, 'store'))
    const variables = {
      MINIO_ADDRESS: `127.0.0.1:${server.port}`,
      MINIO_BUCKET_NAME: BUCKET,
      MINIO_REGION: 'us-east-1',
      MINIO_ACCESS_KEY_ID: ACCESS_KEY,
      MINIO_SECRET_ACCESS_KEY: SECRET_KEY,
    }
    try {
      const spool = join(directory, 'spool')
      const code = program.replaceAll('build/spool', spool)
      expect(outputOf(directory, code, ROOT, variables)).toBe(blocksOf(page, 'text').join(''))
      expect(readdirSync(spool)).toEqual([])
    } finally {
      await server.stop()
    }
  })

  test('every name of the configuration and every code of a store is in its table', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `'))
    const names = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`(\w+)`/g)])
    const found = new Set(names.map(([, name]) => name))
    expect(STORAGE_CONFIG_KEYS.filter((key) => !found.has(key))).toEqual([])
    const ofStores = PACKED_ERROR_CODES.slice(PACKED_ERROR_CODES.indexOf('Timeout'))
    expect(ofStores.filter((code) => !found.has(code))).toEqual([])
  })

  test('every file it links to exists', () => {
    const links = [...page.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map((match) => match[1]!)
    expect(links.length).toBeGreaterThan(1)
    for (const link of links) expect(() => readFileSync(join(ROOT, 'docs', link))).not.toThrow()
  })
})
