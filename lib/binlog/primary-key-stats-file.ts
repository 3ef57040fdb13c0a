import { expectBytes } from '../codec/index.js'
import { PackedError } from '../errors/index.js'
import type { PrimaryKeyStats } from './primary-key-stats.js'
import {
  isCompoundPrimaryKeyStats,
  primaryKeyStatsFromCompound,
} from './primary-key-stats-compound.js'
import { primaryKeyStatsFromJson } from './primary-key-stats-json.js'

/**
 * The statistics in a file of `stats_log`: one JSON object, a merged JSON array, or the compound
 * binary form. An empty file has none.
 *
 * Where a JSON filter is missing, unknown or damaged, the filter holds every key, as in Milvus.
 *
 * @throws PackedError FileCorrupted, NotSupported (a compound file of another version).
 */
export function parsePrimaryKeyStats(bytes: Uint8Array): PrimaryKeyStats[] {
  if (expectBytes(bytes, 'bytes').length === 0) return []
  if (isCompoundPrimaryKeyStats(bytes)) return primaryKeyStatsFromCompound(bytes)
  return primaryKeyStatsFromJson(textOf(bytes))
}

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    const message = 'Expected UTF-8 for primary-key statistics but received other bytes'
    throw new PackedError('FileCorrupted', message, { cause })
  }
}
