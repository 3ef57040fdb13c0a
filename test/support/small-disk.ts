/** A file system of a few megabytes, that a test can fill and empty. */
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

export interface SmallDisk {
  readonly home: string
  /** Take all room that is left. */
  fill(): void
  /** Give it back. */
  empty(): void
  unmount(): void
}

/** A tmpfs at `home`; undefined, and a printed omission, where none may be mounted. */
export function mountSmallDisk(home: string, mebibytes: number): SmallDisk | undefined {
  mkdirSync(home, { recursive: true })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', home])
  if (mounted.status !== 0) {
    process.stderr.write(`NOT RUN (cannot mount a tmpfs: ${mounted.stderr}): full file system\n`)
    return undefined
  }
  const ballast = join(home, 'ballast')
  return {
    home,
    fill: () => fillWith(ballast),
    empty: () => rmSync(ballast, { force: true }),
    unmount: () => void spawnSync('umount', ['--lazy', home]),
  }
}

/** Pages until there is none left. */
function fillWith(path: string): void {
  const page = Buffer.alloc(4096, 1)
  const file = openSync(path, 'w')
  try {
    for (;;) writeSync(file, page)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(file)
  }
}
