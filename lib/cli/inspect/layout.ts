/** What footers say of a segment, as it is drawn: groups over rows, columns over bytes. */
import {
  type ColumnCompression,
  columnCompression,
  type PackedColumnChunk,
  type PackedFileInfo,
} from '../../packed/index.js'
import { FIELD_ID_KEY } from '../../schema/index.js'
import { GROUP_KEY } from '../missing-groups.js'
import { rangeOf } from './value-range.js'

/** Row groups that follow one another, one where there is room for all. */
export interface Block {
  /** Position of the first one among those of the group, and how many they are. */
  first: number
  count: number
  /** First row, within the segment. */
  startRow: number
  rows: number
  storedBytes: number
  encodedBytes: number
}

/** A leaf column within one block. */
export interface Cell {
  storedBytes: number
  encodedBytes: number
  /** NaN where a chunk does not say. */
  nulls: number
  /** `ZSTD · PLAIN RLE`. */
  form: string
  min: string | null
  max: string | null
}

/** A leaf column of a group. */
export interface LayoutColumn extends ColumnCompression {
  /** Arrow type of the field that it is of, and its id. */
  type: string
  fieldId: string
  nulls: number
  min: string | null
  max: string | null
  /** One for each block. */
  cells: Cell[]
}

/** The files of one column group, rows of one behind those of the other. */
export interface Lane {
  title: string
  files: PackedFileInfo[]
  rows: number
  rowGroups: number
  fileBytes: number
  storedBytes: number
  encodedBytes: number
  blocks: Block[]
  columns: LayoutColumn[]
}

/** Everything that is drawn. */
export interface FileLayout {
  lanes: Lane[]
  /** Of the longest group: all have as many in a sound segment. */
  rows: number
  fileBytes: number
  storedBytes: number
  encodedBytes: number
  /** Decoded, as the footers say it. */
  arrowBytes: number
  rowGroups: number
  columns: number
}

const sum = <T>(items: readonly T[], value: (item: T) => number): number =>
  items.reduce((total, item) => total + value(item), 0)

/** Arrange files by their groups; row groups are joined until there are at most so many cells. */
export function layoutOf(infos: readonly PackedFileInfo[], mostCells: number): FileLayout {
  const chunks = sum(infos, (info) => info.chunks.length)
  const join = Math.max(1, Math.ceil(chunks / mostCells))
  const lanes = groupsOf(infos).map((files) => laneOf(files, join))
  return {
    lanes,
    rows: Math.max(0, ...lanes.map(({ rows }) => rows)),
    fileBytes: sum(lanes, ({ fileBytes }) => fileBytes),
    storedBytes: sum(lanes, ({ storedBytes }) => storedBytes),
    encodedBytes: sum(lanes, ({ encodedBytes }) => encodedBytes),
    arrowBytes: sum(infos, ({ rowGroups }) => sum(rowGroups, ({ memoryBytes }) => memoryBytes)),
    rowGroups: sum(lanes, ({ rowGroups }) => rowGroups),
    columns: sum(lanes, ({ columns }) => columns.length),
  }
}

/** Files of one group of one segment are together, in the order in which they are given. */
function groupsOf(infos: readonly PackedFileInfo[]): PackedFileInfo[][] {
  const groups = new Map<string, PackedFileInfo[]>()
  for (const info of infos) {
    const list = info.metadata.get(GROUP_KEY)
    // Columns as well: a segment may have got new ones, and other files say nothing of groups.
    const key = `${info.group}\0${list ?? ''}\0${columnNames(info)}`
    groups.set(key, [...(groups.get(key) ?? []), info])
  }
  return [...groups.values()].sort((one, other) => one[0]!.group - other[0]!.group)
}

function columnNames({ chunks }: PackedFileInfo): string {
  return [...new Set(chunks.map(({ column }) => column))].join('\0')
}

function laneOf(files: PackedFileInfo[], join: number): Lane {
  const [first] = files
  const rowGroups = files.flatMap((file) => file.rowGroups)
  // Row groups are counted over all files; their own count begins at 0 in each.
  const offsets = files.map((_, index) =>
    sum(files.slice(0, index), (file) => file.rowGroups.length),
  )
  const chunks = files.flatMap((file, index) =>
    file.chunks.map((chunk) => ({ ...chunk, rowGroup: chunk.rowGroup + offsets[index]! })),
  )
  const blocks = blocksOf(rowGroups, join)
  return {
    title: titleOf(files),
    files,
    rows: sum(rowGroups, ({ rows }) => rows),
    rowGroups: rowGroups.length,
    fileBytes: sum(files, ({ fileBytes }) => fileBytes),
    storedBytes: sum(chunks, ({ compressedBytes }) => compressedBytes),
    encodedBytes: sum(chunks, ({ uncompressedBytes }) => uncompressedBytes),
    blocks,
    columns: columnsOf(chunks, first!, join),
  }
}

function titleOf(files: readonly PackedFileInfo[]): string {
  const { group } = files[0]!
  if (group >= 0) return `column group ${group}`
  return files.length === 1 ? 'file' : 'files'
}

function blocksOf(
  rowGroups: readonly PackedFileInfo['rowGroups'][number][],
  join: number,
): Block[] {
  const blocks: Block[] = []
  let startRow = 0
  for (let first = 0; first < rowGroups.length; first += join) {
    const parts = rowGroups.slice(first, first + join)
    const rows = sum(parts, (part) => part.rows)
    blocks.push({
      first,
      count: parts.length,
      startRow,
      rows,
      storedBytes: sum(parts, ({ compressedBytes }) => compressedBytes),
      encodedBytes: sum(parts, ({ uncompressedBytes }) => uncompressedBytes),
    })
    startRow += rows
  }
  return blocks
}

function columnsOf(
  chunks: readonly PackedColumnChunk[],
  { schema }: PackedFileInfo,
  join: number,
): LayoutColumn[] {
  const byColumn = new Map<string, PackedColumnChunk[]>()
  for (const chunk of chunks) {
    const own = byColumn.get(chunk.column)
    if (own === undefined) byColumn.set(chunk.column, [chunk])
    else own.push(chunk)
  }
  const fields = new Map(schema.fields.map((field) => [field.name, field]))
  return columnCompression({ chunks }).map((column) => {
    const own = byColumn.get(column.column)!
    const field = fields.get(column.column) ?? fields.get(column.column.split('.')[0]!)
    return {
      ...column,
      type: String(field?.type ?? column.physicalType),
      fieldId: field?.metadata.get(FIELD_ID_KEY) ?? '',
      ...factsOf(own),
      cells: Array.from({ length: Math.ceil(own.length / join) }, (_, index) =>
        cellOf(own.slice(index * join, (index + 1) * join)),
      ),
    }
  })
}

function factsOf(
  chunks: readonly PackedColumnChunk[],
): Pick<LayoutColumn, 'nulls' | 'min' | 'max'> {
  return { nulls: sum(chunks, ({ nullCount }) => nullCount ?? Number.NaN), ...rangeOf(chunks) }
}

function cellOf(chunks: readonly PackedColumnChunk[]): Cell {
  const codecs = [...new Set(chunks.map(({ codec }) => codec))].join(' ')
  const encodings = [...new Set(chunks.flatMap((chunk) => chunk.encodings))].join(' ')
  return {
    storedBytes: sum(chunks, ({ compressedBytes }) => compressedBytes),
    encodedBytes: sum(chunks, ({ uncompressedBytes }) => uncompressedBytes),
    form: `${codecs} · ${encodings}`,
    ...factsOf(chunks),
  }
}
