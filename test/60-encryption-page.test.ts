/** The example of docs/encryption.md runs as it stands, and encrypts. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('encryption-page')

test('the example of docs/encryption.md runs unchanged', () => {
  const page = readFileSync(join(__dirname, '..', 'docs/encryption.md'), 'utf8')
  const example = /^```ts\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? ''
  // TypeScript without a single annotation is JavaScript: no compiler in between.
  writeFileSync(join(directory, 'example.mjs'), example)
  const output = execFileSync(process.execPath, ['example.mjs'], {
    cwd: directory,
    encoding: 'utf8',
  })

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
