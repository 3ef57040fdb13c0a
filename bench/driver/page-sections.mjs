/** The parts of docs/benchmarks.md, as lines. */
import { groupBy, isOurs, most } from './figures.mjs'
import { item, table, wrap } from './markdown.mjs'

const NUMBER = new Intl.NumberFormat('en-US')
export const NONE = '–'
const whole = (value) => NUMBER.format(Math.round(value))
const megabytes = (bytes) => whole(bytes / 1e6)
const times = (value) => (value === undefined ? NONE : `${value.toFixed(2)}×`)
const RATES = ['write', 'read', 'projected']
const LATENCIES = ['take', 'first-batch']

/**
 * What the peers of one data set, place and form of files did, by operation; `sizes` are the file
 * bytes of others that were not timed with them.
 */
export function scenesOf(cells, sizes) {
  const keyOf = ({ place, dataset, files }) => `${dataset} ${files} ${place}`
  const untimed = groupBy(sizes, keyOf)
  return Array.from(groupBy(cells, keyOf), ([key, own]) => {
    const { place, dataset, files } = own[0]
    const operations = new Map(own.map(({ operation, figures }) => [operation, figures]))
    return { place, dataset, files, operations, sizes: untimed.get(key) ?? [] }
  })
}

export const plotName = ({ dataset, files, place }) => `benchmarks-${dataset}-${files}-${place}.svg`

/** Panels of the plot of a scene. */
export function panelsOf({ operations }) {
  return RATES.filter((operation) => operations.has(operation)).map((operation) => ({
    title: `${operation}, MB/s (× pyarrow)`,
    bars: operations.get(operation).map(({ peer, megabytesPerSecond: value, toPyarrow }) => {
      return { peer, value, label: `${whole(value)} (${times(toPyarrow)})` }
    }),
  }))
}

function rateTable(figures) {
  const titles = [
    'peer',
    'MB/s',
    '× pyarrow',
    '× best peer',
    '× best in Node',
    'cold MB/s',
    'cpu s',
    'peak MB',
    'grown MB',
  ]
  const rows = figures.map((figure) => [
    figure.peer,
    whole(figure.megabytesPerSecond),
    times(figure.toPyarrow),
    times(figure.toBest),
    times(figure.toNode),
    whole((figure.megabytesPerSecond * figure.seconds) / figure.coldSeconds),
    figure.cpu.toFixed(2),
    megabytes(figure.rssPeak),
    megabytes(figure.rssGrowth),
  ])
  return table(titles, rows)
}

function latencyTable(figures) {
  const titles = ['peer', 'ms', '× pyarrow', '× best peer', 'cold ms']
  const rows = figures.map(({ peer, seconds, toPyarrow, toBest, coldSeconds }) => [
    peer,
    (1000 * seconds).toFixed(2),
    times(toPyarrow),
    times(toBest),
    (1000 * coldSeconds).toFixed(2),
  ])
  return table(titles, rows)
}

/** The fastest of ours and of the others in every scene; mapped reads aside, as nothing is read. */
export function summarySection(scenes) {
  const titles = ['', 'ours', 'MB/s', '× pyarrow', 'best peer', '× best peer', '× best in Node']
  const rows = scenes.flatMap(({ dataset, files, place, operations }) =>
    RATES.filter((operation) => operations.has(operation)).map((operation) => {
      const figures = operations.get(operation)
      const ours = figures.find(({ peer }) => isOurs(peer) && !peer.includes('mapped'))
      const other = figures.find(({ peer }) => !isOurs(peer))
      const { megabytesPerSecond, toPyarrow, toBest, toNode } = ours
      return [
        `${operation}, ${dataset}, ${files}, ${place}`,
        ours.peer,
        whole(megabytesPerSecond),
        times(toPyarrow),
        other.peer,
        times(toBest),
        times(toNode),
      ]
    }),
  )
  return ['## In short', '', ...table(titles, rows), '']
}

/** File sizes, against pyarrow's as it comes. */
function sizeTable(figures) {
  const base = figures.find(({ peer }) => peer === 'pyarrow')?.fileBytes
  const sorted = [...figures].sort((a, b) => a.fileBytes - b.fileBytes)
  const rows = sorted.map(({ peer, fileBytes }) => [
    peer,
    megabytes(fileBytes),
    base === undefined ? NONE : (fileBytes / base).toFixed(3),
  ])
  return table(['peer', 'MB', 'of pyarrow'], rows)
}

/** How long the JavaScript thread was busy, and its longest pause. */
function threadTable(operations) {
  const rows = [...operations].flatMap(([operation, figures]) =>
    figures
      .filter(({ peer }) => isOurs(peer))
      .map(({ peer, seconds, loopActiveMs, loopDelayMs }) => [
        `${peer}, ${operation}`,
        loopActiveMs.toFixed(1),
        `${((0.1 * loopActiveMs) / seconds).toFixed(1)} %`,
        loopDelayMs.toFixed(1),
      ]),
  )
  return table(['', 'busy ms', 'of the time', 'longest pause ms'], rows)
}

/** How many rounds the medians are of, which need not be the same for every operation. */
function roundsOf(operations) {
  const own = groupBy([...operations], ([, figures]) => most(figures, 'rounds'))
  const parts = Array.from(own, ([rounds, entries]) => {
    return `${entries.map(([operation]) => operation).join(', ')}: ${rounds} rounds`
  })
  return `${parts.join('; ')}.`
}

export function sceneSection(scene, { rows, columns, bytes }) {
  const { place, dataset, files, operations, sizes } = scene
  const form = files === 'groups' ? 'a file per column group' : 'one file'
  const lines = [
    `## ${dataset}, ${form}, ${place}`,
    '',
    ...wrap(
      `${whole(rows)} rows of ${columns.length} columns, ${megabytes(bytes)} MB in memory.`,
      roundsOf(operations),
    ),
    '',
    `![${dataset}, ${files}, ${place}](${plotName(scene)})`,
    '',
  ]
  const subsection = (title, body) =>
    lines.push(`### ${title}: ${dataset}, ${files}, ${place}`, '', ...body, '')
  for (const operation of RATES) {
    if (operations.has(operation)) subsection(operation, rateTable(operations.get(operation)))
  }
  for (const operation of LATENCIES) {
    if (operations.has(operation)) subsection(operation, latencyTable(operations.get(operation)))
  }
  if (operations.has('write')) {
    subsection('size', sizeTable([...operations.get('write'), ...sizes]))
  }
  subsection('the JavaScript thread', threadTable(operations))
  return lines
}

export function machineSection({ date, machine, versions, load, settings }) {
  const { cpu, cores, memoryBytes, system, disk } = machine
  const { rounds, repetitions, level, threads } = settings
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return [
    '## Machine, versions, settings',
    '',
    ...item(
      `${date}: ${cpu}, ${cores} cores, ${Math.round(memoryBytes / 2 ** 30)} GiB, ${system},`,
      `tmpfs and ${disk}. Load before ${load.before.toFixed(2)}, after ${load.after.toFixed(2)}.`,
    ),
    ...item(`${software.sort().join(', ')}.`),
    ...item(
      `${rounds} rounds, but where another number is said, of ${repetitions} repetitions, ZSTD`,
      `level ${level}, ${threads} threads.`,
      'Peers take turns, another one first in every round; every operation is a process of its own',
      'that loads its data before the clock starts.',
    ),
    '',
  ]
}

export function likenessSection({ settings }) {
  const notes = Object.entries(settings.peers).flatMap(([name, { note }]) =>
    item(`\`${name}\`: ${note}.`),
  )
  return [
    '## What is not like for like',
    '',
    ...notes,
    ...item(
      'Vectors are compressed by every peer but `arrow-cpp-tuned` and ours where it says *stored*',
      'or *auto* (not in layout *small*): those skip what hardly compresses and read the cheaper file',
      'back. Compare what is really compressed by *always*.',
    ),
    ...item(
      'Ours starts and ends in JavaScript memory; pyarrow, arrow-rs, arrow-go and arrow-cpp in',
      'native memory. Mapped reads leave page faults to whoever touches the values.',
    ),
    ...item('No peer forces its files to the disk. Each reads what it wrote itself.'),
    '',
  ]
}

export function limitsSection({ limits }) {
  if (limits.length === 0) return []
  const cases = groupBy(limits, ({ place, dataset }) => `${dataset}, ${place}`)
  const lines = ['## Limits of the machine', '']
  for (const [title, own] of cases) {
    const rows = own.map(({ limit, megabytesPerSecond, ratio }) => [
      limit,
      whole(megabytesPerSecond),
      ratio > 0 ? ratio.toFixed(3) : NONE,
    ])
    lines.push(...table([title, 'MB/s', 'size'], rows), '')
  }
  return lines
}

/** Lending a batch and taking one, against writing it. */
export function bridgeSection({ bridge }) {
  if (bridge.length === 0) return []
  const lines = ['## The bridge', '']
  for (const { name, rows, columns, bytes, arrayBuffers, times: own } of bridge) {
    const facts = `${whole(rows)} rows, ${columns} columns, ${whole(bytes)} bytes`
    const writes = own.filter((entry) => entry.name.startsWith('write'))
    const entries = own.map((entry) => [
      entry.name,
      whole(entry.median),
      whole(entry.least),
      ...writes.map((write) => `${((100 * entry.median) / write.median).toFixed(2)} %`),
    ])
    const titles = ['', 'µs', 'least µs', ...writes.map((write) => `of ${write.name}`)]
    lines.push(...wrap(`A ${name} batch: ${facts}; taken, it is ${arrayBuffers} ArrayBuffers.`))
    lines.push('', ...table(titles, entries), '')
  }
  return lines
}

export function absentSection({ unsupported, failures }) {
  const say = ({ peer, operation, dataset, files, reason }) =>
    item(`\`${peer}\`, ${operation}, ${dataset}, ${files}: ${reason.split('\n')[0]}`)
  return [
    ...(unsupported.length > 0 ? ['## Not supported', '', ...unsupported.flatMap(say), ''] : []),
    ...(failures.length > 0 ? ['## Failed', '', ...failures.flatMap(say), ''] : []),
  ]
}
