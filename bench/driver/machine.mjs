/** What the figures were taken on. */
import { readFileSync, statfsSync } from 'node:fs'
import { arch, availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { HOME } from './paths.mjs'

const TMPFS_MAGIC = 0x01021994

export function describeMachine() {
  const [cpu] = cpus()
  return {
    cpu: cpu?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: `Linux ${release()} ${arch()}`,
    disk: fileSystemOf(HOME),
  }
}

/** The file system type of the mount that a path is on. */
function fileSystemOf(path) {
  const mounts = readFileSync('/proc/mounts', 'utf8').trim().split('\n')
  const found = mounts
    .map((line) => line.split(' '))
    .filter(([, mount]) => mount === '/' || path === mount || path.startsWith(`${mount}/`))
    .sort(([, a], [, b]) => b.length - a.length)
  return found[0]?.[2] ?? 'unknown'
}

/** A folder in memory: /dev/shm is there on every Linux that has not taken it away. */
export function tmpfsFolder() {
  const folder = '/dev/shm'
  if (statfsSync(folder).type === TMPFS_MAGIC) return folder
  throw new Error(`Expected a tmpfs at ${folder}`)
}

/** Processes that want a core, of the last minute: what else goes on shows in it. */
export const load = () => loadavg()[0]
