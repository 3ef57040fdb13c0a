/** Data sets of the benchmark are made once, and stay where a checkout that moves takes them. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from './support/temporary.js'

const BENCH = join(__dirname, '..', 'bench')
const directory = temporaryDirectory('benchmark-data')
const program = (checkout: string) => `
  import { makeDataset } from ${JSON.stringify(join(checkout, 'bench/datasets/make.mjs'))}
  console.log(JSON.stringify(await makeDataset('scalar', { rows: 100 })))
`

function make(checkout: string): { path: string; rows: number; bytes: number } {
  const flags = ['--input-type=module', '--eval', program(checkout)]
  const run = spawnSync(process.execPath, flags, { encoding: 'utf8', cwd: directory })
  if (run.status !== 0) throw new Error(`Expected a data set but received ${run.stderr}`)
  return JSON.parse(run.stdout)
}

test('a checkout that moved finds its data sets', () => {
  const [before, after] = [join(directory, 'before'), join(directory, 'after')]
  cpSync(join(BENCH, 'datasets'), join(before, 'bench/datasets'), { recursive: true })
  cpSync(join(BENCH, 'driver'), join(before, 'bench/driver'), { recursive: true })
  const made = make(before)
  expect(made.path.startsWith(before)).toBe(true)
  const { mtimeMs } = statSync(made.path)

  renameSync(before, after)
  const found = make(after)
  expect(found).toEqual({ ...made, path: made.path.replace(before, after) })
  expect(found.rows).toBe(100)
  expect(statSync(found.path).mtimeMs).toBe(mtimeMs)
  const manifest = readFileSync(join(found.path, '..', 'manifest.json'), 'utf8')
  expect(manifest).not.toContain(directory)

  rmSync(found.path)
  expect(existsSync(make(after).path)).toBe(true)
})
