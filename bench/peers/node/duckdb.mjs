/**
 * The peer @duckdb/node-api: a table in memory, COPY TO and read_parquet.
 *
 * It cannot load Arrow, so the table comes, untimed, from the reference file. Reads end in DuckDB's
 * data chunks, whose values stay native. FixedSizeBinary becomes BLOB.
 */
import { requirePeer, serve, versionOf } from './serve.mjs'

const { DuckDBInstance } = requirePeer('@duckdb/node-api')

const quoted = (columns) => columns.map((name) => `"${name}"`).join(',')

async function connect({ threads }) {
  const instance = await DuckDBInstance.create(':memory:', { threads: String(threads) })
  return instance.connect()
}

async function load(job) {
  const connection = await connect(job)
  await connection.run(`CREATE TABLE data AS SELECT * FROM read_parquet('${job.reference}')`)
  return connection
}

async function write({ files, level, rows }, connection) {
  for (const { path, columns } of files) {
    await connection.run(
      `COPY (SELECT ${quoted(columns)} FROM data) TO '${path}'
       (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL ${level})`,
    )
  }
  return { rows }
}

/** Every chunk of a query, or the first so many. */
async function chunksOf(connection, sql, most = Number.POSITIVE_INFINITY) {
  const result = await connection.stream(sql)
  const kept = []
  let rows = 0
  while (kept.length < most) {
    const chunk = await result.fetchChunk()
    if (!chunk || chunk.rowCount === 0) break
    rows += chunk.rowCount
    kept.push(Array.from({ length: chunk.columnCount }, (_, i) => chunk.getColumnVector(i)))
  }
  return { rows, kept }
}

/** The query that `select` makes of each file, one file after the other. */
async function each(job, select, most) {
  const connection = await connect(job)
  const parts = []
  for (const { path, columns } of job.files) {
    parts.push(await chunksOf(connection, select(`read_parquet('${path}'`, quoted(columns)), most))
  }
  return { rows: parts[0].rows, parts }
}

const read = (job) => each(job, (source, columns) => `SELECT ${columns} FROM ${source})`)

function take(job) {
  const wanted = job.take.map((row, place) => `(${row},${place})`).join(',')
  return each(
    job,
    (source, columns) =>
      `SELECT ${columns} FROM (VALUES ${wanted}) AS wanted(row, place)
       JOIN ${source}, file_row_number = true) AS data ON data.file_row_number = wanted.row
       ORDER BY wanted.place`,
  )
}

await serve({
  versions: { '@duckdb/node-api': versionOf('@duckdb/node-api') },
  load,
  operations: {
    write,
    read,
    projected: read,
    take,
    'first-batch': (job) => each(job, (source, columns) => `SELECT ${columns} FROM ${source})`, 1),
  },
})
