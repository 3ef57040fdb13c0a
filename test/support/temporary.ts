import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { listFiles } from './list-files.cjs'

const BASE = join(__dirname, '..', '..', 'build', 'test')

/** A fresh directory below build/, removed when the tests of the file are done. */
export function temporaryDirectory(name: string): string {
  mkdirSync(BASE, { recursive: true })
  const directory = mkdtempSync(join(BASE, `${name}-`))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

export { listFiles as filesBelow }
