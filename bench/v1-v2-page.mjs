/** The page of bench/v1-v2.mjs, from its results. */
import { wrap } from './driver/markdown.mjs'

const NUMBER = new Intl.NumberFormat('en-US')
const whole = (value) => NUMBER.format(Math.round(value))
const times = (value) => (value >= 10 ? whole(value) : value.toFixed(2))
const percent = (value) => `${Math.round(100 * value)} %`
const kibibytes = (bytes) => `${NUMBER.format(Math.round(bytes / 102.4) / 10)} KiB`
const milliseconds = (ms) => `${ms >= 100 ? Math.round(ms) : ms.toFixed(1)} ms`

function row(label, v1, v2, print) {
  return `| ${label} | ${print(v1)} | ${print(v2)} | ${times(v2 / v1)} |`
}

function tableOf({ scalar, vector, v1, v2 }) {
  const reads = [
    [`\`${scalar}\` alone`, 'scalar'],
    ...(vector ? [[`\`${vector}\` alone`, 'vector']] : []),
    ['every column', 'all'],
  ]
  return [
    '| | V1 | V2 | V2 / V1 |',
    '|---|---:|---:|---:|',
    row('stored', v1.bytes, v2.bytes, kibibytes),
    row('files', v1.files, v2.files, whole),
    row('written in', v1.writeMs, v2.writeMs, milliseconds),
    ...reads.flatMap(([label, key]) => [
      row(`read, ${label}: bytes`, v1.read[key].bytes, v2.read[key].bytes, kibibytes),
      row(`read, ${label}: calls`, v1.read[key].calls, v2.read[key].calls, whole),
      row(`read, ${label}: time`, v1.read[key].ms, v2.read[key].ms, milliseconds),
    ]),
  ]
}

function sectionOf(set) {
  const { name, source, rows, chunks, decodedBytes } = set
  const flushes = chunks === 1 ? 'one chunk' : `${chunks} chunks`
  return [
    `## ${name}`,
    '',
    ...wrap(
      `${source}: ${whole(rows)} rows in ${flushes}, ${kibibytes(decodedBytes)} decoded`,
      'with RowID, Timestamp and a key.',
    ),
    '',
    ...tableOf(set),
    '',
  ]
}

/** From least to greatest over the data sets. */
function spread(values, print) {
  const sorted = [...values].sort((a, b) => a - b)
  const texts = [print(sorted[0]), print(sorted.at(-1))]
  return texts[0] === texts[1] ? texts[0] : `${texts[0]} to ${texts[1]}`
}

function claimsOf(sets) {
  const ratio = sets.map(({ v1, v2 }) => v1.bytes / v2.bytes)
  const saved = sets.map(({ v1, v2 }) => 1 - v2.bytes / v1.bytes)
  const less = (key) =>
    sets
      .filter(({ v1 }) => v1.read[key])
      .map(({ v1, v2 }) => 1 - v2.read[key].bytes / v1.read[key].bytes)
  return [
    '| claim | measured here |',
    '|---|---|',
    `| V1 is 3 to 10 times the size of V2 | ${spread(ratio, times)} times |`,
    `| V2 saves 50 to 80 % of the space | ${spread(saved, percent)} |`,
    `| V2 reads 60 to 90 % less: every column | ${spread(less('all'), percent)} |`,
    `| V2 reads 60 to 90 % less: one scalar column | ${spread(less('scalar'), percent)} |`,
    `| V2 reads 60 to 90 % less: the vector column | ${spread(less('vector'), percent)} |`,
  ]
}

function remarksOn(sets) {
  const decoded = (version) => sets.map((set) => set.decodedBytes / set[version].bytes)
  const files = sets.map(({ v1, v2 }) => v1.files / v2.files)
  return [
    ...wrap(
      'A negative figure means that V2 takes more. The payload of a V1 log is Parquet with ZSTD,',
      'too. Even rows that are not compressed at all, as they are in memory, take only',
      `${spread(decoded('v1'), times)} times the bytes of V1 and ${spread(decoded('v2'), times)}`,
      'times those of V2.',
    ),
    '',
    ...wrap(
      'Where V2 takes more: dense vectors are stored plain, and row groups are cut at 1 MiB decoded,',
      'each with dictionaries of its own. A column of few bytes that shares a group with others costs',
      'the read of their footer, which takes the end of the file with it.',
    ),
    '',
    ...wrap(
      `What V2 saves is files: V1 has ${spread(files, times)} times as many, and an object store charges`,
      'and waits per request, which a local disk does not show.',
    ),
  ]
}

/** Markdown of results as bench/v1-v2.json has them. */
export function pageOf({ date, machine, versions, rounds, chunkBytes, sets }) {
  const { cpu, cores, platform } = machine
  const lines = [
    '# StorageV1 and StorageV2, measured',
    '',
    '<!-- Made by bench/v1-v2.mjs from bench/v1-v2.json: change those. -->',
    '',
    ...wrap(
      'The same rows written and read by this library in both storage versions of Milvus: V1 with one',
      'file per field and flush, V2 with one file per column group and flush. Both hold Parquet with',
      'ZSTD at level 3; V2 leaves dense vectors uncompressed, as Milvus does today.',
    ),
    '',
    ...wrap(
      `Flushes are cut at ${kibibytes(chunkBytes)} decoded. Bytes and calls are what the process read`,
      `from files; times are medians of ${rounds} reads from the page cache, of decoding rather than of a`,
      'disk or an object store.',
    ),
    '',
    ...wrap(
      `Measured on ${date}: ${cpu}, ${cores} cores, ${platform}, Node.js ${versions.node},`,
      `arrow-packed ${versions['arrow-packed']}.`,
    ),
    '',
    ...sets.flatMap(sectionOf),
    '## Claims that are usually made',
    '',
    ...claimsOf(sets),
    '',
    ...remarksOn(sets),
  ]
  return `${lines.join('\n')}\n`
}
