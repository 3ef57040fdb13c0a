/** On the data sets of the bench, layout small is nowhere larger than layout fast. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Table, tableFromIPC } from 'apache-arrow'
import { type Layout, PackedReader, PackedWriter } from '../lib/index.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('small-datasets')
const MAKE = join(__dirname, '..', 'bench', 'datasets', 'make.mjs')

interface Dataset {
  table: Table
  groups: string[][]
}

/** So many rows of a data set of the bench. */
function datasetOf(name: string, rows: number): Dataset {
  const program = `
    import { makeDataset } from ${JSON.stringify(MAKE)}
    console.log(JSON.stringify(await makeDataset(${JSON.stringify(name)}, { rows: ${rows} })))`
  const args = ['--input-type=module', '-e', program]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (stdout === '') throw new Error(`Expected a data set but received ${stderr}`)
  const { path, groups } = JSON.parse(stdout) as { path: string; groups: string[][] }
  return { table: tableFromIPC(readFileSync(path)), groups }
}

async function write(name: string, { table, groups }: Dataset, layout: Layout) {
  const writer = await PackedWriter.open({
    schema: table.schema,
    fieldIds: 'auto',
    layout,
    groups: groups.map((fields, id) => ({
      id,
      path: join(directory, name, layout, String(id)),
      fields,
    })),
  })
  await writer.write(table)
  return (await writer.finish()).groups
}

test.each<[string, number]>([
  ['vec768', 1500],
  ['vec128q', 6000],
  ['scalar', 30_000],
  ['wide', 4000],
])('%s, %d rows', async (name, rows) => {
  const dataset = datasetOf(name, rows)
  const fast = await write(name, dataset, 'fast')
  const small = await write(name, dataset, 'small')
  for (const [index, { fileBytes, columns }] of small.entries()) {
    expect(fileBytes).toBeLessThanOrEqual(fast[index]!.fileBytes)
    for (const { dictionaryFallback } of Object.values(columns))
      expect(dictionaryFallback).toBe(false)
  }
  const reader = await PackedReader.open({ paths: small.map(({ path }) => path) })
  const read = await reader.toTable()
  for (const [position, column] of dataset.groups.flat().entries()) {
    for (const row of [0, 1, Math.floor(rows / 2), rows - 1]) {
      const [left, right] = [read.getChildAt(position), dataset.table.getChild(column)]
      expect(left!.get(row)).toEqual(right!.get(row))
    }
  }
})
