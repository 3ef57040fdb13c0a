/** The table that a run prints. */
import { cellsOf } from './figures.mjs'

const NONE = '-'
const megabytes = (bytes) => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)
const twoPlaces = (value) => (value === undefined ? NONE : value.toFixed(2))

const COLUMNS = [
  ['peer', ({ peer }) => peer],
  ['ms', ({ seconds }) => (1000 * seconds).toFixed(1)],
  ['MB/s', ({ megabytesPerSecond: rate }) => (rate === undefined ? NONE : rate.toFixed(0))],
  ['x pyarrow', ({ toPyarrow }) => twoPlaces(toPyarrow)],
  ['x best', ({ toBest }) => twoPlaces(toBest)],
  ['x Node', ({ toNode }) => twoPlaces(toNode)],
  ['cold ms', ({ coldSeconds }) => (1000 * coldSeconds).toFixed(1)],
  ['cpu s', ({ cpu }) => cpu.toFixed(3)],
  ['peak MB', ({ rssPeak }) => megabytes(rssPeak)],
  ['grown MB', ({ rssGrowth }) => megabytes(rssGrowth)],
  ['files MB', ({ fileBytes }) => megabytes(fileBytes)],
  ['js ms', ({ loopActiveMs: ms }) => (ms === undefined ? NONE : ms.toFixed(1))],
  ['pause ms', ({ loopDelayMs: ms }) => (ms === undefined ? NONE : ms.toFixed(1))],
]

/** Columns as wide as their widest entry; the first one to the left, numbers to the right. */
function align(rows) {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row) =>
    row
      .map((entry, column) =>
        column === 0 ? entry.padEnd(widths[column]) : entry.padStart(widths[column]),
      )
      .join('  '),
  )
}

/** Lines of text. */
export function tableOf(results) {
  const lines = []
  for (const { place, dataset, files, operation, figures } of cellsOf(results)) {
    const rows = figures.map((figure) => COLUMNS.map(([, print]) => print(figure)))
    lines.push('', `${operation}, ${dataset}, ${files}, ${place}`)
    lines.push(...align([COLUMNS.map(([title]) => title), ...rows]))
  }
  for (const { limit, megabytesPerSecond, dataset, place } of results.limits) {
    lines.push(`limit, ${place}, ${dataset}: ${limit}: ${megabytesPerSecond} MB/s`)
  }
  for (const { name, times } of results.bridge) {
    const figures = times.map((entry) => `${entry.name} ${entry.median.toFixed(0)} µs`)
    lines.push(`bridge, ${name} batch: ${figures.join(', ')}`)
  }
  for (const { peer, operation, dataset, reason } of results.unsupported) {
    lines.push(`not supported: ${peer} ${operation} ${dataset} (${reason})`)
  }
  for (const { peer, operation, dataset, files, reason } of results.failures) {
    lines.push(`FAILED: ${peer} ${operation} ${dataset} ${files}: ${reason}`)
  }
  return lines
}
