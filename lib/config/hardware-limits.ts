import { availableParallelism, totalmem } from 'node:os'
import { cgroupLimits } from './cgroup-limits.js'

/** What this process may use of its machine. */
export interface HardwareLimits {
  /** Cores; a part of one counts as one. */
  cores: number
  memoryBytes: number
}

/** Cores and memory of the machine, or of the container where it has less. */
export function hardwareLimits(): HardwareLimits {
  const { cores, memoryBytes } = cgroupLimits()
  return {
    cores: Math.max(1, Math.min(availableParallelism(), cores ?? Number.POSITIVE_INFINITY)),
    memoryBytes: Math.min(totalmem(), memoryBytes ?? Number.POSITIVE_INFINITY),
  }
}
