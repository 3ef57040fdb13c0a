import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const SHARED = join(__dirname, '..', '..', '..', 'shared', 'fixtures')

/** Real files of Milvus's own writer; they live beside the source tree, not in it. */
export const FIXTURES = process.env.ARROW_PACKED_FIXTURES ?? SHARED

export interface ExpectedColumn {
  name: string
  type: string
  nullable: boolean
  field_id: number | string
  nulls: number
  sha256: string
}

export interface FixtureCase {
  rows: number
  files: { name: string; kv: Record<string, string>; row_groups: number[] }[]
  columns: ExpectedColumn[]
  read_with_missing?: {
    missing: { name: string; type: string; field_id: number }[]
    columns: ExpectedColumn[]
  }
  read_projection?: { fields: string[]; columns: string[]; rows: number }
}

/** A real segment with two versions of its manifest. */
export const LOON = join(FIXTURES, 'loon')

/** Whether it is there; where it is not, that is printed as the reason why `what` does not run. */
export function hasLoon(what: string): boolean {
  if (existsSync(LOON)) return true
  process.stderr.write(`NOT RUN (${LOON} is absent; set ARROW_PACKED_FIXTURES): ${what}\n`)
  return false
}

/** The cases of expected.json by name; null (and a printed reason) where there are none. */
export function fixtureCases(): [string, FixtureCase][] | null {
  const file = join(FIXTURES, 'packed', 'expected.json')
  if (!existsSync(file)) {
    process.stderr.write(`not run: ${file} is absent; set ARROW_PACKED_FIXTURES\n`)
    return null
  }
  return Object.entries(JSON.parse(readFileSync(file, 'utf8')).cases)
}

export function fixturePaths(fixture: FixtureCase): string[] {
  return fixture.files.map(({ name }) => join(FIXTURES, 'packed', name))
}
