import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What control groups allow a process; undefined = no limit. */
export interface CgroupLimits {
  /** CPU quota as cores, rounded up. */
  cores: number | undefined
  memoryBytes: number | undefined
}

type Limit = number | undefined

/** One control group as a folder. */
type ReadLimit = (group: string) => Limit

/**
 * Limits of the control groups of this process, of versions 1 and 2; the tightest of a group and
 * those above it counts. What is missing or malformed is no limit. `cpp/src/cpu_count.cc` rounds
 * a quota to cores in the same way.
 *
 * @param root stands before /proc and /sys, for tests.
 */
export function cgroupLimits(root = '/'): CgroupLimits {
  const limits: CgroupLimits = { cores: undefined, memoryBytes: undefined }
  // One "hierarchy:controllers:path" per line; version 2 has no controllers there.
  for (const line of (textOf(join(root, 'proc/self/cgroup')) ?? '').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? []
    if (controllers === undefined || path === undefined) continue
    const tightest = (mount: string, read: ReadLimit): Limit =>
      groupsOf(join(root, 'sys/fs/cgroup', mount), path)
        .map(read)
        .reduce(lesser, undefined)
    const has = (controller: string) => controllers.split(',').includes(controller)
    if (controllers === '') {
      limits.cores = lesser(limits.cores, tightest('', quotaOf2))
      limits.memoryBytes = lesser(limits.memoryBytes, tightest('', memoryOf2))
    }
    if (has('cpu')) {
      // Joined controllers are mounted by both names on most systems, by the joined one on some.
      for (const mount of new Set(['cpu', controllers])) {
        limits.cores = lesser(limits.cores, tightest(mount, quotaOf1))
      }
    }
    if (has('memory')) {
      limits.memoryBytes = lesser(limits.memoryBytes, tightest('memory', memoryOf1))
    }
  }
  return limits
}

/**
 * The folder of a group, of those above it, and of the mount. Inside a container the path may lie
 * outside of what is mounted; then only the mount itself answers, which is the container's group.
 */
function groupsOf(mount: string, path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '')
  return [...parts.keys(), parts.length].map((count) => join(mount, ...parts.slice(0, count)))
}

/** `max 100000` or `150000 100000`, in microseconds. */
function quotaOf2(group: string): Limit {
  const [, quota, period] = /^(\d+) (\d+)$/.exec(textOf(join(group, 'cpu.max')) ?? '') ?? []
  return coresOf(quota, period)
}

/** -1 is no quota. */
function quotaOf1(group: string): Limit {
  return coresOf(textOf(join(group, 'cpu.cfs_quota_us')), textOf(join(group, 'cpu.cfs_period_us')))
}

function memoryOf2(group: string): Limit {
  return positive(textOf(join(group, 'memory.max')))
}

/** Without a limit it is a number that is larger than any memory. */
function memoryOf1(group: string): Limit {
  return positive(textOf(join(group, 'memory.limit_in_bytes')))
}

function coresOf(quota: string | undefined, period: string | undefined): Limit {
  const [used, of] = [positive(quota), positive(period)]
  return used === undefined || of === undefined ? undefined : Math.ceil(used / of)
}

function positive(text: string | undefined): Limit {
  return text !== undefined && /^\d+$/.test(text) && Number(text) > 0 ? Number(text) : undefined
}

function lesser(a: Limit, b: Limit): Limit {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined // no such group, or none of our business
  }
}
