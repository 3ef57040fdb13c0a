/** Every way into segments, manifests, single logs and records: name -> context => promise. */
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const library = require('../packed.cjs')
const { filterOf, keyRetriever, lookAt, scan, using } = require('./packed-doors.cjs')

const NUMBERS = BigInt64Array.of(1n, 2n, -(2n ** 63n))
const WORDS = ['word 1', '', 'ä']

const managerAt = (root) => new library.LocalChunkManager({ rootPath: root })

const viewOf = (random) => ({
  readTimestamp: random.pick([undefined, 30n, 2n ** 63n]),
  systemFields: random.next() < 0.3,
  mmap: random.next() < 0.3,
  copy: random.next() < 0.3,
  batchRows: random.pick([undefined, 7]),
})

const logsOf = ({ info, basePath }) =>
  basePath === undefined ? { binlogs: info.binlogs, deltalogs: info.deltalogs } : { basePath }

/** A log by its kind, which its folder says. */
async function readLog({ root, file }) {
  const chunks = managerAt(root)
  if (file.startsWith('delta_log') || file.includes('_delta/')) {
    return library.readDeleteLog(chunks, file, { keyRetriever })
  }
  if (file.startsWith('bm25')) return library.readBm25Log(chunks, file)
  if (file.startsWith('stats_log')) {
    for (const stats of library.parsePrimaryKeyStats(readFileSync(join(root, file)))) {
      await stats.mayContain(stats.pkType === library.DataType.Int64 ? NUMBERS : WORDS)
    }
    return undefined
  }
  return library.readBinlog(chunks, file)
}

/** A segment's reader with options of chance and these. */
const openSegment = ({ root, subject, random }, options = {}) =>
  library.SegmentReader.open({
    schema: subject.schema,
    chunkManager: managerAt(root),
    ...logsOf(subject),
    ...viewOf(random),
    ...options,
  })

/** Keys that are there, that are deleted and that nobody has. */
const keysOf = ({ schema }) =>
  schema.fields.some(({ name, isPrimaryKey }) => isPrimaryKey && name === 'word')
    ? ['word 1', 'word 7', 'word 77', 'word 7', 'other']
    : [1n, 7n, 77n, 7n, 2n ** 62n]

const SEGMENT_DOORS = {
  scan: (context) => using(openSegment(context), (reader) => scan(reader, context.random)),
  filter: (context) => {
    const filter = filterOf(
      library.convertToArrowSchema(context.subject.schema).fields,
      context.random,
    )
    return using(openSegment(context, { filter }), (reader) => scan(reader, context.random))
  },
  take: (context) =>
    using(openSegment(context), async (reader) => {
      const { random } = context
      const rows = Array.from({ length: 9 }, () => random.below(Math.min(reader.numRows, 80)))
      lookAt(await reader.take([...rows, rows[0]], { hidden: 'include' }), random)
    }),
  get: (context) =>
    using(openSegment(context), async (reader) => {
      const { random, subject } = context
      const statistics = random.next() < 0.7
      const { table } = await reader.get(keysOf(subject), { statistics })
      lookAt(table, random)
    }),
  locate: async ({ root, random, subject }) => {
    const chunkManager = managerAt(root)
    const sidecar = random.next() < 0.5
    const segment = await library.locateSegment({ chunkManager, segmentId: 3, sidecar })
    const { schema } = random.next() < 0.5 ? subject : {}
    await library.verifySegment({ chunkManager, segment, ...(sidecar ? {} : { schema }) })
  },
  verify: ({ root, subject: { info, schema } }) =>
    library.verifySegment({
      chunkManager: managerAt(root),
      segment: { ...info, root: '', layout: 'milvus', source: 'files', l0Deltalogs: [] },
      schema,
    }),
  log: readLog,
}

function manifestOptions({ root, subject: { basePath }, random }) {
  return {
    chunkManager: managerAt(root),
    basePath,
    version: random.pick([-1, 1]),
    mmap: random.next() < 0.3,
    copy: random.next() < 0.3,
    batchRows: random.pick([undefined, 37]),
  }
}

const MANIFEST_DOORS = {
  manifest: (context) =>
    using(library.ManifestReader.open(manifestOptions(context)), (reader) =>
      scan(reader, context.random),
    ),
  'manifest, filter': async (context) => {
    const options = manifestOptions(context)
    let filter
    await using(library.ManifestReader.open(options), ({ schema }) => {
      filter = filterOf(schema.fields, context.random)
    })
    const reader = library.ManifestReader.open({ ...options, filter })
    await using(reader, (opened) => scan(opened, context.random))
  },
  'manifest, rows': (context) =>
    using(library.ManifestReader.open(manifestOptions(context)), async (reader) => {
      const { random } = context
      const rows = Array.from({ length: 9 }, () => random.below(Math.min(reader.numRows, 2 ** 40)))
      lookAt(await reader.take(rows), random)
      const chunks = await reader.chunkReader(random.below(reader.manifest.columnGroups.length))
      await using(Promise.resolve(chunks), async () => {
        if (chunks.numChunks > 0) lookAt(await chunks.getChunk(0), random)
      })
    }),
  'manifest, verify': ({ root, subject: { basePath }, random }) => {
    const store = new library.ManifestStore(managerAt(root), basePath)
    return library.verifyManifest({ store, version: random.pick([-1, 1]), deep: true })
  },
  'manifest, decode': async ({ root, file, subject: { basePath } }) => {
    const bytes = readFileSync(join(root, file))
    if (file.endsWith('.json')) library.decodeManifestJson(bytes.toString(), basePath)
    else library.decodeManifest(bytes, basePath)
  },
}

const BINLOG_SCHEMA = library.createCollectionSchema({
  name: 'golden',
  fields: [
    { fieldId: 100, name: 'key', dataType: 'Int64', isPrimaryKey: true },
    { fieldId: 101, name: 'word', dataType: 'VarChar', typeParams: { max_length: '400' } },
    { fieldId: 102, name: 'vector', dataType: 'FloatVector', dim: 2 },
    { fieldId: 103, name: 'flag', dataType: 'Bool', nullable: true },
  ],
})
const FIELD_OF = { 'codec-bool': 103, 'codec-int64': 100, 'stream-varch': 101, 'stream-vecto': 102 }

/** Files of test/golden/v1 are told by their names. */
const BINLOG_DOORS = {
  log: ({ root, file }) =>
    file.startsWith('delete')
      ? library.readDeleteLog(managerAt(root), file, { keyRetriever })
      : library.readBinlog(managerAt(root), file),
  rows: async ({ root, file, random }) => {
    const [, fieldID] = Object.entries(FIELD_OF).find(([start]) => file.startsWith(start)) ?? []
    if (fieldID === undefined) return
    const log = library.fieldBinlogFromJson({
      fieldID,
      binlogs: [{ entries_num: 3, log_path: file }],
    })
    const options = { schema: BINLOG_SCHEMA, chunkManager: managerAt(root), columns: [fieldID] }
    await using(
      library.V1RecordReader.open({ ...options, fieldBinlogs: [log] }),
      async (reader) => {
        for await (const record of reader) lookAt(record.toBatch(), random)
      },
    )
  },
}

const RECORD_DOORS = {
  record: async ({ root, file, subject: { schema }, random }) => {
    const bytes = new Uint8Array(readFileSync(join(root, file)))
    const options = { lenient: random.next() < 0.3, copy: random.next() < 0.3, maxBytes: 64 << 20 }
    lookAt(await library.deserializeRecord(bytes, schema, options), random)
  },
}

module.exports = { BINLOG_DOORS, MANIFEST_DOORS, RECORD_DOORS, SEGMENT_DOORS }
