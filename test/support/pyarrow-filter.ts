/** What pyarrow.dataset leaves of files by filters. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import type { FilterOperand } from '../../lib/index.js'
import { pythonEnvironment } from './python.js'

/** A value as JSON can have it: numbers as text. */
export function plainOperand(value: FilterOperand): FilterOperand {
  if (Object.is(value, -0)) return '-0.0'
  const isNumber = typeof value === 'bigint' || typeof value === 'number'
  return isNumber ? String(value).replace('Infinity', 'inf') : value
}

interface Question {
  /** Files of one table: its column groups. */
  paths: readonly string[]
  /** The int64 column whose values are the answer. */
  column: string
  filters: readonly object[]
  /** Of encrypted files, in hexadecimal. */
  key?: string
}

/** The values of `column`, for each filter, of the rows that it leaves. */
export function rowsByPyarrow(question: Question): number[][] {
  const script = join(__dirname, '..', 'interop', 'filter_rows.py')
  const run = spawnSync('python3', [script], {
    input: JSON.stringify(question),
    env: pythonEnvironment(),
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  })
  expect(run.stderr).toBe('')
  return JSON.parse(run.stdout) as number[][]
}
