import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { listFiles } from './list-files.cjs'

const BASE = join(__dirname, '..', '..', 'build', 'test')

const REMOVALS = 50
const PAUSE_MS = 100

/** A fresh directory below build/, removed when the tests of the file are done. */
export function temporaryDirectory(name: string): string {
  mkdirSync(BASE, { recursive: true })
  const directory = mkdtempSync(join(BASE, `${name}-`))
  afterAll(() => removeAll(directory))
  return directory
}

/**
 * Again where a file came meanwhile: hooks run in the order in which they are made, so a server that
 * a test starts in its directory is still there, and may be at work on what that test called off.
 */
async function removeAll(directory: string): Promise<void> {
  for (let removal = 1; ; removal++) {
    try {
      return rmSync(directory, { recursive: true, force: true })
    } catch (error) {
      const isFilling = (error as NodeJS.ErrnoException).code === 'ENOTEMPTY'
      if (!isFilling || removal === REMOVALS) throw error
    }
    await pause(PAUSE_MS)
  }
}

export { listFiles as filesBelow }
