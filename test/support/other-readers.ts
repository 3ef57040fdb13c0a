/** What DuckDB and Polars make of Parquet files, beside Arrow data that pyarrow reads. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pythonEnvironment } from './python.js'

const SCRIPT = join(__dirname, 'other_readers.py')
const READERS = ['duckdb', 'polars'] as const

export interface ReadByOthers {
  /** What a failure calls the file. */
  name: string
  path: string
  /** An IPC stream of the same rows. */
  ipc: string
  columns: readonly string[]
}

/** Every file is the same in every reader that is installed; of others the omission is printed. */
export function expectReadByOthers(files: readonly ReadByOthers[]): void {
  const requests = READERS.flatMap((reader) => files.map((file) => ({ reader, ...file })))
  const run = spawnSync('python3', ['-u', SCRIPT], {
    env: pythonEnvironment(),
    encoding: 'utf8',
    input: requests.map((request) => JSON.stringify(request)).join('\n'),
    maxBuffer: 1 << 26,
  })
  expect(run.stderr).toBe('')
  const [there, ...replies] = run.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  for (const [index, { reader, name }] of requests.entries()) {
    if (!there.includes(reader)) {
      console.warn(`omitted: ${name} by ${reader}, which is not installed`)
      continue
    }
    expect(`${name} by ${reader}: ${JSON.stringify(replies[index])}`).toBe(
      `${name} by ${reader}: []`,
    )
  }
}
