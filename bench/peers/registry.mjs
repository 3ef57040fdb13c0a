/**
 * The peers. `command` runs one, `install` says what it needs (see driver/install.mjs), `small`
 * whether it joins `--small`: peers that npm and pip install.
 */
import { join } from 'node:path'
import { BENCH, INSTALLED } from '../driver/paths.mjs'

const peer = (name) => join(BENCH, 'peers', name)
const built = (name) => join(INSTALLED, name)
const node = (file) => [
  process.execPath,
  '--expose-gc',
  '--max-old-space-size=12288',
  peer(`node/${file}.mjs`),
]
const python = { command: ['python3', peer('pyarrow/peer.py')], install: 'python', small: true }
const npm = (file) => ({ command: node(file), install: 'npm', small: true })

/** What is not like for like is said on the page, by `note`. */
export const PEERS = {
  pyarrow: { ...python, note: 'as it comes: dictionaries tried on every column' },
  'pyarrow-tuned': {
    ...python,
    variant: 'tuned',
    note: 'dictionaries for categories only, one thread per file in writing',
  },
  'arrow-cpp': { command: [built('arrow_cpp/peer')], install: 'cpp', note: 'libparquet from C++' },
  'arrow-cpp-tuned': {
    command: [built('arrow_cpp/peer')],
    install: 'cpp',
    variant: 'tuned',
    note: 'vectors without dictionary, stored if they do not compress; one thread per file',
  },
  'arrow-rs': {
    command: [built('arrow_rs/target/release/arrow_rs_peer')],
    install: 'cargo',
    note: 'ArrowWriter and reader as they come, one thread',
  },
  'arrow-rs-columns': {
    command: [built('arrow_rs/target/release/arrow_rs_peer')],
    install: 'cargo',
    variant: 'columns',
    note: 'every column a task for all threads, vectors without dictionary, one row group',
  },
  'arrow-go': {
    command: [built('arrow_go/peer')],
    install: 'go',
    variant: 'tuned',
    note: 'vectors without dictionary, a goroutine per file in writing',
  },
  duckdb: {
    ...npm('duckdb'),
    reference: true,
    note: 'vectors become BLOB; reads end in its own chunks, not in Arrow',
  },
  'nodejs-polars': {
    ...npm('polars'),
    note: 'vectors become binary; ZSTD at its own level; reads end in its own frames',
  },
  lancedb: {
    ...npm('lancedb'),
    parquet: false,
    note: 'its own format: one table whatever the number of files, no ZSTD level',
  },
  'parquet-wasm': {
    ...npm('parquet_wasm'),
    note: 'writes from IPC bytes; ZSTD at its own level; one thread',
  },
  hyparquet: {
    ...npm('hyparquet'),
    note: 'JavaScript only, JavaScript values instead of Arrow',
  },
}

/** Those that a program in Node can choose between. */
export const NODE_PEERS = Object.keys(PEERS).filter((name) => PEERS[name].install === 'npm')

/** What the page must not be without. */
export const REQUIRED = ['pyarrow-tuned', 'arrow-rs-columns', 'duckdb', 'nodejs-polars', 'lancedb']

/** A peer that only says what the machine can do. */
export const LIMITS = { command: [built('arrow_cpp/peer')], install: 'cpp' }

/** How vectors can be written in each layout. */
const VECTORS = {
  milvus: ['stored', 'always'],
  fast: ['auto', 'always', 'split'],
  small: ['auto'],
}

/** What a layout does with the level that all peers are given. */
const OWN_LEVEL = { small: ', ZSTD at its own level 9' }

const MAPPED_ROW_GROUP_BYTES = 64 << 20

const sizeName = (bytes) => (bytes === undefined ? '' : `-${(bytes / 2 ** 20).toFixed(0)}mib`)

/** Row groups of as many bytes; undefined leaves the size to the layout. */
function sized(settings, rowGroupBytes) {
  return rowGroupBytes === undefined ? settings : { ...settings, rowGroupBytes }
}

/** Pages that are stored can be mapped: in row groups of the layout's own size, and of 64 MiB. */
function mappedPeers(name, { note, settings, ...peer }) {
  return [undefined, MAPPED_ROW_GROUP_BYTES].map((bytes) => [
    `${name}-mapped${sizeName(bytes)}`,
    {
      ...peer,
      readsOnly: true,
      onlyVectors: true,
      settings: { ...sized(settings, bytes), mapped: true },
      note: `${note}, files mapped instead of read, row groups of ${bytes ? '64' : '1'} MiB`,
    },
  ])
}

/**
 * Ours in every way asked for: layouts by forms of vectors by sizes of row groups. Without vectors
 * only the first form of each layout means something.
 */
export function ourPeers({ layouts, vectors, rowGroupBytes }) {
  const ours = { command: node('ours'), install: 'ours', small: true }
  const peers = []
  for (const layout of layouts) {
    const forms = VECTORS[layout].filter((form) => vectors.includes(form))
    for (const [index, form] of forms.entries()) {
      const name = `ours-${layout}-${form}`
      const settings = { layout, vectors: form, mapped: false }
      const note = `layout '${layout}', vectors ${form}${OWN_LEVEL[layout] ?? ''}`
      const peer = { ...ours, settings, note, onlyVectors: index > 0 }
      for (const bytes of rowGroupBytes) {
        peers.push([name + sizeName(bytes), { ...peer, settings: sized(settings, bytes) }])
      }
      if (form === 'stored') peers.push(...mappedPeers(name, peer))
    }
  }
  return Object.fromEntries(peers)
}
