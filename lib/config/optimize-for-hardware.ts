import {
  BETTER_COMPRESSION_LEVEL,
  type CompressionConfig,
  DEFAULT_COMPRESSION_LEVEL,
  type ResolvedCompressionConfig,
} from './compression-config.js'
import { expectInteger, expectKnownKeys, expectObject } from './expect.js'
import { type HardwareLimits, hardwareLimits } from './hardware-limits.js'
import { completeSettings, flatSettings } from './resolve-compression.js'

const MIB = 2 ** 20
const GIB = 2 ** 30
/** Beyond it cores are left to other work, however many there are. */
const MOST_CORES = 8
/** Beyond it, memory pays for larger blocks and the tables of a higher level. */
const MUCH_MEMORY_BYTES = 8 * GIB

/**
 * A configuration for the machine: `concurrency` is the lesser of the cores and 8; with more than
 * 8 GiB of memory `level` is {@link BETTER_COMPRESSION_LEVEL} and `blockBytes` 4 MiB, otherwise
 * they are the defaults, {@link DEFAULT_COMPRESSION_LEVEL} and 1 MiB.
 *
 * These three are set whatever `config` says of them; all else stays as it is.
 *
 * @param hardware by default what this process may use: in a container, its limits.
 * @throws PackedError InvalidArgument, NotSupported.
 */
export function optimizeForHardware(
  config: CompressionConfig = {},
  hardware: HardwareLimits = hardwareLimits(),
): ResolvedCompressionConfig {
  const { cores, memoryBytes } = checkHardware(hardware)
  const isLarge = memoryBytes > MUCH_MEMORY_BYTES
  return completeSettings({
    ...flatSettings(config),
    concurrency: Math.min(cores, MOST_CORES),
    level: isLarge ? BETTER_COMPRESSION_LEVEL : DEFAULT_COMPRESSION_LEVEL,
    blockBytes: isLarge ? 4 * MIB : MIB,
  })
}

function checkHardware(hardware: unknown): HardwareLimits {
  const given = expectObject(hardware, 'hardware')
  expectKnownKeys(given, ['cores', 'memoryBytes'], 'hardware')
  return {
    cores: expectInteger(given.cores, 'hardware.cores', { min: 1 }),
    memoryBytes: expectInteger(given.memoryBytes, 'hardware.memoryBytes', { min: 1 }),
  }
}
