import type { Schema } from 'apache-arrow'
import { type CompressionConfig, flatSettings, unexpected } from '../config/index.js'
import type { NativeCodec, NativeColumnOptions, NativeWriterOptions } from '../native/index.js'
import type { ColumnGroup } from '../schema/index.js'
import { resolveCompression } from './compression.js'
import { LAYOUT_DEFAULTS, type Layout } from './layouts.js'
import {
  type ChosenLevels,
  chooseLevels,
  isAutoCompression,
  type LevelRule,
  resolveLevelRule,
  withLevels,
} from './level-choice.js'

/** Footer key that says how a file was compressed where somebody chose it: JSON. */
export const COMPRESSION_KEY = 'arrow-packed.compression'

/** What `compression` is decided by. */
export interface CompressionRequest {
  options: Readonly<Record<string, unknown>>
  config: Partial<ReturnType<typeof flatSettings>>
  layout: Layout
  schema: Schema
  groups: readonly ColumnGroup[]
  columns: NativeColumnOptions[]
  rowGroupBytes: number
}

type Decided = 'compression' | 'vectors' | 'columns' | 'groups'

/** Codecs and levels of everything, and what each file says of them. */
export interface WriterCompression {
  native: Pick<NativeWriterOptions, Decided>
  /** With level `'auto'`: the levels of every group, in their order. */
  levels: readonly ChosenLevels[] | undefined
}

/** What a `config` says, by the name of the setting. @throws PackedError. */
export function resolveConfig(config: unknown) {
  return flatSettings(config as CompressionConfig | undefined)
}

/** @throws PackedError InvalidArgument. */
export function resolveWriterCompression(request: CompressionRequest): WriterCompression {
  const { options, config, layout, groups } = request
  const auto = isAutoCompression(options.compression)
  const level = config.level ?? LAYOUT_DEFAULTS[layout].level
  const given = auto ? { codec: 'zstd' } : (options.compression ?? { codec: 'zstd', level })
  const compression = resolveCompression(given, 'compression')
  const vectors = resolveVectors(options.vectors, layout, compression)
  const rule = auto ? resolveLevelRule(options.compression) : undefined
  const chosen = rule === undefined ? undefined : choose(rule, request)
  return {
    native: {
      compression,
      ...(vectors === undefined ? {} : { vectors }),
      columns: chosen?.columns ?? request.columns,
      groups: groups.map(({ id, path, columns }, index) => {
        const facts = describe(layout, compression, chosen?.levels[index])
        return { id, path, columns, metadata: facts ? [COMPRESSION_KEY, facts] : [] }
      }),
    },
    levels: chosen?.levels,
  }
}

/** The codec of dense vectors; undefined leaves the choice to the layout. */
function resolveVectors(
  value: unknown,
  layout: Layout,
  compression: NativeCodec,
): NativeCodec | undefined {
  switch (value) {
    case undefined:
      return undefined
    case 'auto':
      if (layout !== 'milvus') return undefined
      throw unexpected(`another choice than 'auto' with layout '${layout}'`, 'vectors', value)
    case 'always':
      return compression
    case 'stored':
      return { codec: 'uncompressed' }
    default:
      return resolveCompression(value, 'vectors')
  }
}

/** Whether dense vectors go through the codec of `compression`. */
function compressesVectors({ options, layout }: CompressionRequest): boolean {
  if (options.vectors === 'auto' || options.vectors === 'always') return true
  if (options.vectors !== undefined) return false
  return layout !== 'milvus' || options.compatibility === 'milvus-2.6'
}

function choose(rule: LevelRule, request: CompressionRequest) {
  const { schema, groups, rowGroupBytes } = request
  const columns = new Map(request.columns.map((column) => [column.name, column]))
  const withoutVectors = !compressesVectors(request)
  const chosen = groups.map((group) => {
    const part = { schema, group, rowGroupBytes, columns, withoutVectors }
    const levels = chooseLevels(rule, part)
    return { levels, columns: withLevels(levels, part) }
  })
  return {
    levels: chosen.map(({ levels }) => levels),
    columns: chosen.flatMap((group) => group.columns),
  }
}

/** Nothing where a file is what its layout says and nobody chose. */
function describe(
  layout: Layout,
  { codec, level }: NativeCodec,
  levels: ChosenLevels | undefined,
): string | undefined {
  if (levels !== undefined) return JSON.stringify({ layout, codec, levels })
  return layout === 'small' ? JSON.stringify({ layout, codec, level }) : undefined
}
