/** What pyarrow says of files that commands write and read. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pythonEnvironment } from './python.js'

/** A row as JSON has it. */
export type Row = Record<string, unknown>

/** One chunk as pyarrow and as `packed inspect` have it. */
export interface Chunk {
  column: string
  rowGroup: number
  physicalType: string
  codec: string
  encodings: string[]
  values: number
  compressedBytes: number
  uncompressedBytes: number
  nullCount: number | null
}

/** What every_command.py prints of files that are joined by row. */
export interface Judged {
  files: {
    bytes: number
    rows: number
    rowGroups: number[]
    createdBy: string
    chunks: (Chunk & { range: [string, string] | null })[]
  }[]
  columns: string[]
  float32: string[]
  rows: Row[]
}

/** Ask pyarrow of sets of files, those of a set joined by row. */
export function judge(...segments: readonly (readonly string[])[]): Judged[] {
  const script = join(__dirname, 'every_command.py')
  const out = execFileSync('python3', [script, JSON.stringify(segments)], {
    env: pythonEnvironment(),
    maxBuffer: 2 ** 28,
    encoding: 'utf8',
  })
  return JSON.parse(out) as Judged[]
}
