/** The command line of bench/run.mjs. */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { TABLES } from '../datasets/tables.mjs'
import { ourPeers, PEERS } from '../peers/registry.mjs'
import { HOME } from './paths.mjs'

export const OPERATIONS = ['write', 'read', 'projected', 'take', 'first-batch']

const USAGE = `node bench/run.mjs [options]; lists are separated by commas
  --datasets vec768,vec128q,scalar,wide   also: integers
  --peers ours,pyarrow,…                  all by default; ours in every layout and vector form
  --operations ${OPERATIONS.join(',')}
  --layouts milvus,fast,small             of ours
  --vectors stored,auto,always            of ours; also: split
  --row-group-bytes N,…                   of ours; the layout's own by default
  --files groups,single                   a file per column group, or one
  --place tmpfs,disk
  --rounds 5  --repetitions 3             repetitions of one process; the first one is cold
  --rows N,…                              instead of a data set's own
  --level 1  --threads N                  threads also confines every peer to as many cores
  --verify                                compares what every peer wrote with the data
  --no-limits                             without copies, files and codecs
  --output build/bench/results.json
  --timeout 600                           seconds for one process
  --small                                 a twentieth of the rows, two minutes, with --verify`

const LISTS = {
  datasets: { known: Object.keys(TABLES), fallback: ['vec768', 'vec128q', 'scalar', 'wide'] },
  operations: { known: OPERATIONS, fallback: OPERATIONS },
  layouts: { known: ['milvus', 'fast', 'small'], fallback: ['milvus', 'fast', 'small'] },
  vectors: {
    known: ['stored', 'auto', 'always', 'split'],
    fallback: ['stored', 'auto', 'always'],
  },
  files: { known: ['groups', 'single'], fallback: ['groups'] },
  place: { known: ['tmpfs', 'disk'], fallback: ['tmpfs'] },
}

const NUMBERS = ['rounds', 'repetitions', 'level', 'threads', 'timeout']
const NUMBER_LISTS = ['rows', 'row-group-bytes']
/** Scalars and vectors; the other two are of the same kinds. */
const SMALL_DATASETS = ['vec768', 'scalar']

function listOf(name, text) {
  const { known, fallback } = LISTS[name]
  if (text === undefined) return fallback
  const chosen = text.split(',')
  const stranger = chosen.find((item) => !known.includes(item))
  if (stranger === undefined) return chosen
  throw new Error(`Expected some of ${known} for --${name} but received ${stranger}`)
}

function numberOf(name, text) {
  if (text === undefined) return undefined
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text)
  throw new Error(`Expected a number above 0 for --${name} but received ${text}`)
}

/** `[undefined]`, which is whatever is usual, where nothing is said. */
function numbersOf(name, text) {
  return text === undefined ? [undefined] : text.split(',').map((item) => numberOf(name, item))
}

/** The peers by name; `ours` stands for all forms of ours. */
function peersOf(text, ours, small) {
  const all = { ...ours, ...PEERS }
  const names = Object.keys(all).filter((name) => !small || all[name].small)
  if (text === undefined) return Object.fromEntries(names.map((name) => [name, all[name]]))
  const chosen = text.split(',').flatMap((name) => (name === 'ours' ? Object.keys(ours) : [name]))
  const stranger = chosen.find((name) => all[name] === undefined)
  if (stranger === undefined) return Object.fromEntries(chosen.map((name) => [name, all[name]]))
  throw new Error(`Expected some of ${Object.keys(all)} for --peers but received ${stranger}`)
}

/** Checked options, with a default for each; undefined after `--help`. */
export function parseOptions(args) {
  const text = { type: 'string' }
  const flag = { type: 'boolean', default: false }
  const names = [...Object.keys(LISTS), ...NUMBERS, ...NUMBER_LISTS]
  const { values } = parseArgs({
    args,
    options: {
      ...Object.fromEntries(names.map((name) => [name, text])),
      peers: text,
      output: text,
      small: flag,
      verify: flag,
      'no-limits': flag,
      help: flag,
    },
  })
  if (values.help) {
    console.log(USAGE)
    return undefined
  }
  const { small } = values
  const lists = Object.fromEntries(
    Object.keys(LISTS).map((name) => [name, listOf(name, values[name])]),
  )
  const number = (name, fallback) => numberOf(name, values[name]) ?? fallback
  const rowGroupBytes = numbersOf('row-group-bytes', values['row-group-bytes'])
  if (small && values.datasets === undefined) lists.datasets = SMALL_DATASETS
  return {
    ...lists,
    peers: peersOf(values.peers, ourPeers({ ...lists, rowGroupBytes }), small),
    rounds: number('rounds', small ? 1 : 5),
    repetitions: number('repetitions', small ? 1 : 3),
    rows: numbersOf('rows', values.rows),
    level: number('level', 1),
    threads: number('threads', availableParallelism()),
    timeoutMs: 1000 * number('timeout', 600),
    limits: !values['no-limits'] && !small,
    output: values.output ?? join(HOME, small ? 'small.json' : 'results.json'),
    verify: small || values.verify,
    small,
  }
}
