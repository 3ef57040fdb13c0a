/**
 * node bench/page.mjs [--folder docs] [--sizes results]… [results…]: docs/benchmarks.md and its plots
 * from the results of bench/run.mjs (build/bench/results.json), or of several runs that measured
 * different cells. Of `--sizes` only the file bytes of peers that the others do not have are taken.
 *
 * Refuses results of a small run, and those without the peers that the figures are to be held
 * against: there is no page rather than one that flatters.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { cellsOf, isOurs } from './driver/figures.mjs'
import { item, wrap } from './driver/markdown.mjs'
import { mergeResults, withSizes } from './driver/merge.mjs'
import {
  absentSection,
  bridgeSection,
  likenessSection,
  limitsSection,
  machineSection,
  panelsOf,
  plotName,
  sceneSection,
  scenesOf,
  summarySection,
} from './driver/page-sections.mjs'
import { HOME, ROOT } from './driver/paths.mjs'
import { plot } from './driver/plot.mjs'
import { REQUIRED } from './peers/registry.mjs'

const HELD_AGAINST = ['pyarrow', ...REQUIRED]

/** @throws naming what is missing. */
function expectPublishable({ settings }, cells) {
  if (settings.small) throw new Error('Expected results of a full run but received a small one')
  for (const operation of ['write', 'read', 'projected']) {
    const own = cells.filter((cell) => cell.operation === operation)
    if (own.length === 0) throw new Error(`Expected samples of ${operation} but received none`)
    for (const { place, dataset, files, figures } of own) {
      const peers = figures.map(({ peer }) => peer)
      const missing = HELD_AGAINST.filter((peer) => !peers.includes(peer))
      if (!peers.some((peer) => isOurs(peer) && !peer.includes('mapped'))) missing.push('ours')
      if (missing.length === 0) continue
      throw new Error(
        `Expected ${HELD_AGAINST.join(', ')} and ours in ${operation} of ${dataset}, ${files}, ` +
          `${place} but ${missing.join(', ')} is missing`,
      )
    }
  }
}

function introduction() {
  return [
    '# Benchmarks',
    '',
    '<!-- Made by bench/page.mjs from the results of bench/run.mjs: change those. -->',
    '',
    ...wrap(
      'Arrow in memory to closed files, and files to columns in memory: this library from Node',
      'beside what else there is, on the same data in the same rounds.',
    ),
    '',
    ...item('MB are a million bytes of Arrow data in memory, whatever a peer makes of them.'),
    ...item(
      'A time is the best warm repetition of a round; what is shown is the median of the rounds.',
      '*Cold* is the first repetition of a process: page faults, warming up and, on a disk, files',
      'that the page cache has forgotten.',
    ),
    ...item(
      '*× pyarrow*, *× best peer* and *× best in Node* are how many times as fast as pyarrow as it',
      'comes, as the fastest other peer, and as the fastest one of Node, of the same round: medians',
      'of the rounds.',
    ),
    ...item(
      '*peak* is the most resident memory of the process, *grown* how much of it the operation',
      'added; *busy* is the time for which the JavaScript thread could do nothing else.',
    ),
    '',
  ]
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    folder: { type: 'string', default: join(ROOT, 'docs') },
    sizes: { type: 'string', multiple: true, default: [] },
  },
})
const { folder } = values
const readAll = (paths) => paths.map((path) => JSON.parse(readFileSync(path, 'utf8')))
const sources = positionals.length > 0 ? positionals : [join(HOME, 'results.json')]
const results = withSizes(mergeResults(readAll(sources)), readAll(values.sizes))
const cells = cellsOf(results)
expectPublishable(results, cells)
const scenes = scenesOf(cells, results.sizes)
mkdirSync(folder, { recursive: true })
for (const scene of scenes) {
  const title = `${scene.dataset}, ${scene.files}, ${scene.place}: ours beside other writers and readers`
  writeFileSync(join(folder, plotName(scene)), plot(title, panelsOf(scene)))
}
const lines = [
  ...introduction(),
  ...summarySection(scenes),
  ...machineSection(results),
  ...likenessSection(results),
  ...scenes.flatMap((scene) => sceneSection(scene, results.datasets[scene.dataset])),
  ...bridgeSection(results),
  ...limitsSection(results),
  ...absentSection(results),
]
writeFileSync(join(folder, 'benchmarks.md'), `${lines.join('\n').trimEnd()}\n`)
