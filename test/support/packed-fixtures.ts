/** Facts about real files written by Milvus's own writer; they live beside the project. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const HOME =
  process.env.ARROW_PACKED_FIXTURES ?? join(__dirname, '..', '..', '..', 'shared', 'fixtures')

/** What pyarrow says of one column chunk (of the first row group). */
export interface ChunkFacts {
  column: string
  physical: string
  codec: string
  encodings: string[]
  dictionary: boolean
  statistics: boolean
}

export interface FixtureFile {
  name: string
  format_version: string
  kv: Record<string, string>
  row_groups: number[]
  chunks: ChunkFacts[]
}

export interface FixtureCase {
  writer: string
  rows: number
  spec: {
    columns: { name: string; field_id: number; nullable?: boolean }[]
    groups: string[][]
    user_metadata?: Record<string, string>
  }
  files: FixtureFile[]
}

export function fixturePath(name: string): string {
  return join(HOME, 'packed', name)
}

/** Cases by name; none, and a printed line, where the fixtures are not there. */
export function fixtureCases(what: string): [string, FixtureCase][] {
  const file = fixturePath('expected.json')
  if (!existsSync(file)) {
    process.stderr.write(`NOT RUN (no fixtures at ${HOME}): ${what}\n`)
    return []
  }
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Record<string, FixtureCase> }
  return Object.entries(cases)
}
