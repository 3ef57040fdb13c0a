import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const BASE = join(__dirname, '..', '..', 'build', 'test')

/** A fresh directory below build/, removed when the tests of the file are done. */
export function temporaryDirectory(name: string): string {
  mkdirSync(BASE, { recursive: true })
  const directory = mkdtempSync(join(BASE, `${name}-`))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Every file below a directory, hidden and partial ones too. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
}
