import { PackedError } from '../../errors/index.js'
import {
  type AutoCompression,
  type CodecName,
  type Compression,
  levelRange,
} from '../compression.js'
import { LAYOUT_DEFAULTS, LAYOUTS, type Layout } from '../layouts.js'

/** A level of a codec, or `'auto'`: by the kind of column, of zstd. */
export type TuneLevel = number | 'auto'

/** One choice of settings that is tried. */
export interface Candidate {
  /** `fast zstd 3`: layout, codec and level. */
  name: string
  layout: Layout
  codec: CodecName
  /** undefined: the codec's own, or it has none. */
  level: TuneLevel | undefined
  /** The layout compresses like this when nothing is said. */
  layoutDefault: boolean
  /** What a `PackedWriter` is to be given. */
  options: { layout: Layout; compression: Compression | AutoCompression }
}

/** What candidates are made of. */
export interface CandidateParts {
  layouts: readonly Layout[]
  codecs: readonly CodecName[]
  levels: readonly TuneLevel[] | undefined
}

/** Fast, default, thorough, and by the kind of column. */
const ZSTD_LEVELS = [1, 3, 9, 'auto'] as const

/**
 * Every layout with every codec and level.
 *
 * @throws PackedError InvalidArgument for levels that none of the codecs has.
 */
export function candidatesOf({ layouts, codecs, levels }: CandidateParts): Candidate[] {
  refuseStrayLevels(codecs, levels)
  return layouts.flatMap((layout) =>
    codecs.flatMap((codec) =>
      levelsOf(codec, levels).map((level) => candidateOf(layout, codec, level)),
    ),
  )
}

/** What a `PackedWriter` does when nothing is said. */
export function isWriterDefault({ layout, layoutDefault }: Candidate): boolean {
  return layout === LAYOUTS[0] && layoutDefault
}

function candidateOf(layout: Layout, codec: CodecName, level: TuneLevel | undefined): Candidate {
  return {
    name: [layout, codec, ...(level === undefined ? [] : [level])].join(' '),
    layout,
    codec,
    level,
    layoutDefault: codec === 'zstd' && level === LAYOUT_DEFAULTS[layout].level,
    options: { layout, compression: compressionOf(codec, level) },
  }
}

function compressionOf(
  codec: CodecName,
  level: TuneLevel | undefined,
): Compression | AutoCompression {
  if (level === 'auto') return { codec: 'zstd', level }
  return level === undefined ? { codec } : { codec, level }
}

/** A codec without levels, or without any of these, is tried as it is. */
function levelsOf(
  codec: CodecName,
  levels: readonly TuneLevel[] | undefined,
): readonly (TuneLevel | undefined)[] {
  if (levels === undefined) return codec === 'zstd' ? ZSTD_LEVELS : [undefined]
  const chosen = levels.filter((level) => hasLevel(codec, level))
  return chosen.length === 0 ? [undefined] : chosen
}

function hasLevel(codec: CodecName, level: TuneLevel): boolean {
  if (level === 'auto') return codec === 'zstd'
  const range = levelRange(codec)
  return range !== null && level >= range[0] && level <= range[1]
}

function refuseStrayLevels(
  codecs: readonly CodecName[],
  levels: readonly TuneLevel[] | undefined,
): void {
  const stray = levels?.find((level) => !codecs.some((codec) => hasLevel(codec, level)))
  if (stray === undefined) return
  const ranges = codecs.map((codec) => `${codec} ${levelRange(codec)?.join(' to ') ?? 'none'}`)
  throw new PackedError(
    'InvalidArgument',
    `Expected levels that one of the codecs has (${ranges.join(', ')}) but received ${stray}`,
  )
}
