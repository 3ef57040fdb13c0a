/** Folders that go when the run ends, however it does. */
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { tmpfsFolder } from './machine.mjs'
import { HOME } from './paths.mjs'

const folders = new Set()

const remove = (folder) => {
  rmSync(folder, { recursive: true, force: true })
  folders.delete(folder)
}

process.on('exit', () => folders.forEach(remove))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

/** What `work` gives, in a fresh folder of a place: `tmpfs` or `disk`. */
export async function inTemporaryFolder(place, work) {
  const folder = mkdtempSync(join(place === 'tmpfs' ? tmpfsFolder() : HOME, 'arrow-packed-bench-'))
  folders.add(folder)
  try {
    return await work(folder)
  } finally {
    remove(folder)
  }
}
