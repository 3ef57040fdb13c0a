import type { Schema } from 'apache-arrow'
import {
  type ColumnKind,
  CompressionStrategy,
  type LevelFacts,
  type LevelStrategy,
} from '../codec/index.js'
import { expectInteger, expectKnownKeys, expectObject, unexpected } from '../config/index.js'
import type { NativeColumnOptions } from '../native/index.js'
import type { ColumnGroup } from '../schema/index.js'
import { bytesPerValue, columnKind } from './column-kind.js'

const KEYS = ['codec', 'level', 'ioLatencyMs', 'cpuUsage', 'strategy'] as const

/** The levels of one file, by the kind of column. */
export type ChosenLevels = Readonly<Partial<Record<ColumnKind, number>>>

/** A checked `compression` with level `'auto'`. */
export interface LevelRule {
  levelOf: (facts: Pick<LevelFacts, 'sizeBytes' | 'type'>) => number
}

/** What levels are chosen for. */
export interface LevelRequest {
  schema: Schema
  group: ColumnGroup
  rowGroupBytes: number
  /** Choices for single columns, by name. */
  columns: ReadonlyMap<string, NativeColumnOptions>
  /** Vectors have a codec that takes no level of this. */
  withoutVectors: boolean
}

/** Whether `compression` asks for levels to be chosen. */
export function isAutoCompression(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'level' in value && value.level === 'auto'
}

/** @throws PackedError InvalidArgument. */
export function resolveLevelRule(value: unknown): LevelRule {
  const options = expectObject(value, 'compression')
  expectKnownKeys(options, KEYS, 'compression')
  if (options.codec !== 'zstd') {
    throw unexpected("'zstd' with level 'auto'", 'compression.codec', options.codec)
  }
  const { ioLatencyMs, cpuUsage } = options as Partial<LevelFacts>
  const strategy = (options.strategy ?? CompressionStrategy) as LevelStrategy
  if (typeof strategy !== 'object' || typeof strategy.selectLevel !== 'function') {
    throw unexpected('an object with selectLevel', 'compression.strategy', options.strategy)
  }
  const load = {
    ...(ioLatencyMs === undefined ? {} : { ioLatencyMs }),
    ...(cpuUsage === undefined ? {} : { cpuUsage }),
  }
  // What is wrong with the load is said whether or not a strategy looks at it.
  CompressionStrategy.selectLevel({ sizeBytes: 0, type: 'bytes', ...load })
  return {
    levelOf: (facts) => {
      const level = strategy.selectLevel({ ...facts, ...load })
      return expectInteger(level, 'the level of compression.strategy', { min: 1, max: 22 })
    },
  }
}

/**
 * Ask for the level of every kind of column that a file has, by its share of a row group.
 *
 * Shares go by types: what is not of one width counts as 32 bytes.
 */
export function chooseLevels(rule: LevelRule, request: LevelRequest): ChosenLevels {
  const { schema, group, rowGroupBytes } = request
  const widths = new Map<ColumnKind, number>()
  let total = 0
  for (const position of group.columns) {
    const { name, type } = schema.fields[position]!
    const { dim } = request.columns.get(name) ?? {}
    const kind = columnKind(type, dim)
    const width = bytesPerValue(type, dim)
    widths.set(kind, (widths.get(kind) ?? 0) + width)
    total += width
  }
  if (request.withoutVectors) widths.delete('vector')
  const levels = Array.from(widths, ([type, width]) => {
    const sizeBytes = total === 0 ? 0 : Math.floor((rowGroupBytes * width) / total)
    return [type, rule.levelOf({ sizeBytes, type })] as const
  })
  return Object.fromEntries(levels)
}

/** The options of the columns of a group, each with the level of its kind but where it has its own. */
export function withLevels(levels: ChosenLevels, request: LevelRequest): NativeColumnOptions[] {
  return request.group.columns.map((position) => {
    const { name, type } = request.schema.fields[position]!
    const options = request.columns.get(name) ?? { name }
    const level = levels[columnKind(type, options.dim)]
    if (level === undefined || options.compression !== undefined) return options
    return { ...options, level }
  })
}
