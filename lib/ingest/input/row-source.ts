import type { PackedError } from '../../errors/index.js'
import type { ColumnType } from './column-type.js'
import type { Convert } from './fit-value.js'
import type { Shape } from './infer-type.js'

/** Where a record of a text file is. */
export interface RowPlace {
  /** In which it ends, from 1, counted from where reading began. */
  line: number
  /** Bytes it takes in the file. */
  size: number
  /** Byte of the file behind it and its line end: where reading can go on. */
  end: number
}

/** One record of a text file. */
export interface Row extends RowPlace {
  record: Readonly<Record<string, unknown>>
}

/** A record that could not be read, or is not what its collection takes. */
export interface BadRow extends RowPlace {
  /** As it stands in the file; of CSV what was read of it. */
  text: string
  error: PackedError
}

export function isBad(row: Row | BadRow): row is BadRow {
  return 'error' in row
}

/** A text format: how its records are read and what its values mean. */
export interface RowSource {
  path: string
  /** The columns, where the file names them first (CSV). */
  names: readonly string[]
  rows: AsyncIterable<Row | BadRow>
  /** Values are text (CSV) rather than values of JSON. */
  isText: boolean
  /** `line 3 of cars.csv`, for messages. */
  where(row: RowPlace): string
  /** A record as text of its format. */
  textOf(row: Row): string
  shapeOf(value: unknown): Shape | undefined
  converter(type: ColumnType): Convert
  /** What a column of mixed values becomes; without it they are refused. */
  mixed?: ColumnType
}

/** How rows are named in a file that is read from byte `start` on. */
export function rowNamer(path: string, start: number): (row: Pick<RowPlace, 'line'>) => string {
  const after = start === 0 ? '' : ` after byte ${start}`
  return ({ line }) => `line ${line}${after} of ${path}`
}
