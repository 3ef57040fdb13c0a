/** What a machine or container allows, and the configuration of compression for it. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { cgroupLimits } from '../lib/config/cgroup-limits.js'
import {
  BETTER_COMPRESSION_LEVEL,
  type CompressionConfig,
  type HardwareLimits,
  hardwareLimits,
  optimizeForHardware,
  resolveCompressionConfig,
} from '../lib/config/index.js'
import { temporaryDirectory } from './support/temporary.js'

const MIB = 2 ** 20
const GIB = 2 ** 30
const directory = temporaryDirectory('cgroups')

/** A folder with some files, by path; stands for the root of a machine. */
function machine(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(directory, 'root-'))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return root
}

const limitsOf = (files: Readonly<Record<string, string>>) => cgroupLimits(machine(files))

describe('control groups, version 2', () => {
  const group = 'sys/fs/cgroup'
  const self = { 'proc/self/cgroup': '0::/\n' }

  test('a container of its own', () => {
    const files = { ...self, [`${group}/cpu.max`]: '150000 100000\n' }
    expect(limitsOf(files)).toEqual({ cores: 2, memoryBytes: undefined })
    const memory = { ...self, [`${group}/memory.max`]: '536870912\n' }
    expect(limitsOf(memory)).toEqual({ cores: undefined, memoryBytes: 512 * MIB })
  })

  test('the tightest group on the path', () => {
    const files = {
      'proc/self/cgroup': '0::/pods/one\n',
      [`${group}/pods/cpu.max`]: '350000 100000\n',
      [`${group}/pods/one/cpu.max`]: 'max 100000\n',
      [`${group}/pods/memory.max`]: 'max\n',
      [`${group}/pods/one/memory.max`]: `${GIB}\n`,
      [`${group}/other/cpu.max`]: '100000 100000\n',
      [`${group}/other/memory.max`]: '1\n',
    }
    expect(limitsOf(files)).toEqual({ cores: 4, memoryBytes: GIB })
    const tighter = { ...files, [`${group}/pods/memory.max`]: `${GIB / 2}\n` }
    expect(limitsOf(tighter).memoryBytes).toBe(GIB / 2)
  })

  test('a path outside of what is mounted: the mount answers', () => {
    const files = {
      'proc/self/cgroup': '0::/docker/0123\n',
      [`${group}/cpu.max`]: '50000 100000\n',
      [`${group}/memory.max`]: `${GIB}\n`,
    }
    expect(limitsOf(files)).toEqual({ cores: 1, memoryBytes: GIB })
  })

  test.each<[string, string]>([
    ['max 100000', 'max'],
    ['', ''],
    ['many few', 'much'],
    ['100000', '-1'],
    ['0 100000', '0'],
    ['100000 0', '1.5G'],
    ['-1 100000', 'max max'],
    ['100000 100000 100000', '12 34'],
    ['\0', '\0'],
  ])('no limit: cpu.max %j, memory.max %j', (cpu, memory) => {
    const files = { ...self, [`${group}/cpu.max`]: cpu, [`${group}/memory.max`]: memory }
    expect(limitsOf(files)).toEqual({ cores: undefined, memoryBytes: undefined })
  })

  test('any chain of groups', () => {
    const quota = fc.option(fc.integer({ min: 1, max: 2e7 }))
    const memory = fc.option(fc.integer({ min: 1, max: 2 ** 50 }))
    const groups = fc.array(fc.record({ quota, memory }), { maxLength: 5 })
    const least = (values: (number | null)[]) =>
      values.reduce<number | undefined>(
        (a, b) => (b === null ? a : Math.min(a ?? Number.POSITIVE_INFINITY, b)),
        undefined,
      )
    const chains = fc.property(groups, (chain) => {
      const path = chain.map((_, index) => `/g${index}`).join('')
      const files: Record<string, string> = { 'proc/self/cgroup': `0::${path || '/'}\n` }
      for (const [index, limits] of chain.entries()) {
        const folder = `${group}${path.slice(0, 3 * (index + 1))}`
        files[`${folder}/cpu.max`] = `${limits.quota ?? 'max'} 100000\n`
        files[`${folder}/memory.max`] = `${limits.memory ?? 'max'}\n`
      }
      const tightest = least(chain.map((limits) => limits.quota))
      expect(limitsOf(files)).toEqual({
        cores: tightest === undefined ? undefined : Math.ceil(tightest / 100_000),
        memoryBytes: least(chain.map((limits) => limits.memory)),
      })
    })
    fc.assert(chains, { numRuns: 30 })
  })
})

describe('control groups, version 1', () => {
  const self = { 'proc/self/cgroup': '5:memory:/x\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n' }
  const quota = (group: string, used: string, of = '100000') => ({
    [`${group}/cpu.cfs_quota_us`]: `${used}\n`,
    [`${group}/cpu.cfs_period_us`]: `${of}\n`,
  })

  test('quota and memory, of the group and those above it', () => {
    const files = {
      ...self,
      ...quota('sys/fs/cgroup/cpu', '300000'),
      ...quota('sys/fs/cgroup/cpu/docker/abc', '250001', '50000'),
      'sys/fs/cgroup/memory/memory.limit_in_bytes': `${4 * GIB}\n`,
      'sys/fs/cgroup/memory/x/memory.limit_in_bytes': `${2 * GIB}\n`,
    }
    expect(limitsOf(files)).toEqual({ cores: 3, memoryBytes: 2 * GIB })
  })

  test('a mount that only has the joined name', () => {
    const files = { ...self, ...quota('sys/fs/cgroup/cpu,cpuacct/docker/abc', '50000') }
    expect(limitsOf(files).cores).toBe(1)
  })

  test.each([
    ['-1', '100000'],
    ['300000', '0'],
    ['many', '100000'],
    ['', ''],
  ])('no quota: %j of %j', (used, of) => {
    expect(limitsOf({ ...self, ...quota('sys/fs/cgroup/cpu', used, of) }).cores).toBeUndefined()
  })

  test('a quota without a period', () => {
    const files = { ...self, 'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '100000' }
    expect(limitsOf(files).cores).toBeUndefined()
  })

  test('no limit is a number beyond any memory', () => {
    const unlimited = '9223372036854771712'
    const files = { ...self, 'sys/fs/cgroup/memory/memory.limit_in_bytes': `${unlimited}\n` }
    expect(limitsOf(files).memoryBytes).toBe(Number(unlimited))
    expect(limitsOf(files).memoryBytes).toBeGreaterThan(totalmem())
  })

  test('both versions at once: the tighter', () => {
    const files = {
      'proc/self/cgroup': '4:cpu,cpuacct:/a\n0::/a\n',
      ...quota('sys/fs/cgroup/cpu/a', '200000'),
      'sys/fs/cgroup/a/cpu.max': '300000 100000\n',
      'sys/fs/cgroup/a/memory.max': `${GIB}\n`,
    }
    expect(limitsOf(files)).toEqual({ cores: 2, memoryBytes: GIB })
  })
})

describe('no control groups', () => {
  test.each<[string, Readonly<Record<string, string>>]>([
    ['no files', {}],
    ['an empty list', { 'proc/self/cgroup': '' }],
    ['malformed lines', { 'proc/self/cgroup': 'cpu\n0:\n::\n0::relative\n' }],
    ['a folder where a file should be', { 'proc/self/cgroup/x': '0::/' }],
    ['groups without files', { 'proc/self/cgroup': '0::/a/b\n3:cpu:/a\n2:memory:/a\n' }],
  ])('%s: no limits', (_, files) => {
    expect(limitsOf(files)).toEqual({ cores: undefined, memoryBytes: undefined })
  })

  test('a root that is not there', () => {
    const none = join(directory, 'none')
    expect(cgroupLimits(none)).toEqual({ cores: undefined, memoryBytes: undefined })
  })
})

describe('this machine', () => {
  test('has what Node counts, or less where groups say so', () => {
    const { cores, memoryBytes } = hardwareLimits()
    const limits = cgroupLimits()
    expect(cores).toBe(Math.min(availableParallelism(), limits.cores ?? Number.POSITIVE_INFINITY))
    expect(cores).toBeGreaterThanOrEqual(1)
    expect(memoryBytes).toBe(Math.min(totalmem(), limits.memoryBytes ?? Number.POSITIVE_INFINITY))
    expect(memoryBytes).toBeGreaterThan(2 ** 20)
  })
})

describe('optimizeForHardware', () => {
  test.each<[number, number, { concurrency: number; level: number; blockBytes: number }]>([
    [1, GIB, { concurrency: 1, level: 3, blockBytes: MIB }],
    [7, 8 * GIB, { concurrency: 7, level: 3, blockBytes: MIB }],
    [8, 8 * GIB + 1, { concurrency: 8, level: 7, blockBytes: 4 * MIB }],
    [9, 16 * GIB, { concurrency: 8, level: 7, blockBytes: 4 * MIB }],
    [512, 8 * GIB - 1, { concurrency: 8, level: 3, blockBytes: MIB }],
  ])('%d cores and %d bytes', (cores, memoryBytes, expected) => {
    const { compression, encoding } = optimizeForHardware({}, { cores, memoryBytes })
    const defaults = resolveCompressionConfig()
    expect(compression).toEqual({ ...defaults.compression, ...expected })
    expect(encoding).toEqual(defaults.encoding)
  })

  test('keeps all else, and sets its three whatever is said of them', () => {
    const config: CompressionConfig = {
      compression: { level: 19, concurrency: 64, blockBytes: 1024, dictBytes: 512 },
      encoding: { enableDeltaEncoding: false },
    }
    const before = structuredClone(config)
    const optimized = optimizeForHardware(config, { cores: 2, memoryBytes: 64 * GIB })
    expect(optimized).toEqual({
      compression: {
        level: BETTER_COMPRESSION_LEVEL,
        concurrency: 2,
        blockBytes: 4 * MIB,
        dictBytes: 512,
      },
      encoding: { ...resolveCompressionConfig().encoding, enableDeltaEncoding: false },
    })
    expect(config).toEqual(before)
  })

  test('by default for this machine', () => {
    expect(optimizeForHardware()).toEqual(optimizeForHardware({}, hardwareLimits()))
  })

  test.each<[unknown, unknown, string]>([
    [{ compression: { level: 0 } }, { cores: 1, memoryBytes: 1 }, 'for compression.level'],
    [{}, { cores: 0, memoryBytes: 1 }, 'an integer >= 1 for hardware.cores but received 0'],
    [{}, { cores: 1.5, memoryBytes: 1 }, 'for hardware.cores but received 1.5'],
    [{}, { cores: 1 }, 'for hardware.memoryBytes but received undefined'],
    [{}, { cores: 1, memory: 1 }, 'received "memory"'],
    [{}, null, 'an object for hardware but received null'],
  ])('refused: %j for %j', (config, hardware, message) => {
    const run = () => optimizeForHardware(config as CompressionConfig, hardware as HardwareLimits)
    expect(run).toThrow(expect.objectContaining({ code: 'InvalidArgument' }))
    expect(run).toThrow(message)
  })
})
