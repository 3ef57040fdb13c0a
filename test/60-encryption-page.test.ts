/** The example of docs/encryption.md type-checks, runs as it stands, and encrypts. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { blocksOf, outputOf, readPage, typeErrors } from './support/page-code.js'
import { temporaryDirectory } from './support/temporary.js'

describe('docs/encryption.md', () => {
  const directory = temporaryDirectory('encryption-page')
  const [example] = blocksOf(readPage('docs/encryption.md'), 'ts') as [string]

  test('the example type-checks against the built package', () => {
    expect(typeErrors(directory, example)).toBe('')
  })

  test('the example runs unchanged', () => {
    const output = outputOf(directory, example)
    expect(output).toMatch(/^the key of orders-2026$[\s\S]*one[\s\S]*two[\s\S]*three/m)
    const segment = join(directory, 'segment')
    const files = readdirSync(segment)
    expect(files.length).toBeGreaterThan(0)
    for (const name of files) {
      const file = readFileSync(join(segment, name))
      expect(file.subarray(-4).toString()).toBe('PARE')
      expect(file.includes('title')).toBe(false)
      expect(file.includes('orders-2026')).toBe(true)
    }
  })
})
