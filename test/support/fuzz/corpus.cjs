/**
 * What is damaged: sets of column-group files and trees, ours, the fixtures' and other writers'. A
 * subject is `{ name, root, files, doors }` and what its doors need; `files` are below `root`.
 */
const { cpSync, existsSync, readdirSync } = require('node:fs')
const { join, relative } = require('node:path')
const { listFiles } = require('../list-files.cjs')
const { PackedReader } = require('../packed.cjs')
const { writeOwnFiles } = require('./own-files.cjs')
const { writeOwnRecords, writeOwnTrees } = require('./own-trees.cjs')
const { PACKED_DOORS, keyRetriever } = require('./packed-doors.cjs')
const { BINLOG_DOORS, MANIFEST_DOORS, RECORD_DOORS, SEGMENT_DOORS } = require('./tree-doors.cjs')

const GOLDEN_V1 = join(__dirname, '..', '..', 'golden', 'v1')

const filesBelow = (root) =>
  listFiles(root)
    .map((file) => relative(root, file))
    .sort()

/** Files that are read together; whole ones say the schema and the rows. */
async function packedSubject(name, root, files, lenient = false) {
  const paths = files.map((file) => join(root, file))
  const reader = await PackedReader.open({ paths, keyRetriever, lenient })
  const { schema, numRows } = reader
  await reader.close()
  return { name, root, files, doors: PACKED_DOORS, paths, schema, rows: numRows, lenient }
}

/** The cases of fixtures/packed: `<case>.cg<group>.parquet`. */
async function fixtureSets(fixtures, directory) {
  const from = join(fixtures, 'packed')
  if (!existsSync(from)) return []
  const root = join(directory, 'fixtures')
  cpSync(from, root, { recursive: true })
  const sets = new Map()
  for (const file of readdirSync(root).sort()) {
    if (!file.endsWith('.parquet')) continue
    const set = file.replace(/\.cg\d+\.parquet$/, '')
    sets.set(set, [...(sets.get(set) ?? []), file])
  }
  return Promise.all([...sets].map(([set, files]) => packedSubject(`fixture, ${set}`, root, files)))
}

/** Milvus's own segment with a manifest. */
function loonSubject(fixtures, directory) {
  const from = join(fixtures, 'loon')
  if (!existsSync(from)) return []
  const root = join(directory, 'loon')
  cpSync(from, root, { recursive: true })
  const subject = { name: 'fixture, loon', root, files: filesBelow(root), basePath: 'seg' }
  return [{ ...subject, doors: MANIFEST_DOORS }]
}

function foreignSets(foreign) {
  if (!foreign) return []
  return Promise.all(
    readdirSync(foreign)
      .sort()
      .map((file) => packedSubject(`foreign, ${file}`, foreign, [file], true)),
  )
}

function goldenSubject(directory) {
  const root = join(directory, 'golden')
  cpSync(GOLDEN_V1, root, { recursive: true })
  const files = filesBelow(root).filter((file) => file !== 'expected.json')
  return { name: 'binlogs of V1', root, files, doors: BINLOG_DOORS }
}

async function ownTrees(directory) {
  const trees = await writeOwnTrees(join(directory, 'trees'))
  return trees.map(({ chunkManager, ...tree }) => ({
    ...tree,
    files: filesBelow(tree.root),
    doors: { ...SEGMENT_DOORS, ...(tree.basePath === undefined ? {} : MANIFEST_DOORS) },
  }))
}

/** Everything, below `directory`; without `fixtures` and `foreign` where those are empty. */
async function makeCorpus(directory, { fixtures, foreign }) {
  const own = await writeOwnFiles(join(directory, 'own'))
  const ownSets = own.map(({ name, root, paths }) =>
    packedSubject(
      name,
      root,
      paths.map((path) => relative(root, path)),
    ),
  )
  const records = await writeOwnRecords(join(directory, 'records'))
  return [
    ...(await Promise.all(ownSets)),
    ...(fixtures ? await fixtureSets(fixtures, directory) : []),
    ...(await foreignSets(foreign)),
    ...(await ownTrees(directory)),
    ...(fixtures ? loonSubject(fixtures, directory) : []),
    goldenSubject(directory),
    { name: 'records as bytes', ...records, doors: RECORD_DOORS },
  ]
}

module.exports = { makeCorpus }
