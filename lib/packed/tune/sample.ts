import type { RecordBatch, Schema } from 'apache-arrow'
import { PackedError } from '../../errors/index.js'
import { arrowDataBytes } from '../../schema/index.js'
import { PackedReader } from '../reader.js'
import type { TuneSettings } from './tune-options.js'

/** Rows of the files in memory, and what the files say of themselves. */
export interface Sample {
  schema: Schema
  /** Names of the columns of each file. */
  groups: string[][]
  batches: readonly RecordBatch[]
  rows: number
  /** Without padding; see `arrowDataBytes`. */
  arrowBytes: number
  /** Of the files. */
  storedRows: number
  storedBytes: number
  /** Give the memory of the rows back. */
  release(): void
}

/** A sample of less than this many rows is not spread any further. */
const LEAST_BLOCK_ROWS = 4096
const MOST_BLOCKS = 16
/** Rows that tell how large rows are before the first block is taken. */
const PROBE_ROWS = 1000

/**
 * Take runs of rows that are spread evenly over the files: runs, so that order, repetition and
 * dictionaries are those of the data; spread, since the head of a file is often not like the rest.
 * Always the same rows of the same files.
 *
 * @throws PackedError InvalidData (no rows), and what `PackedReader` throws.
 */
export async function takeSample(settings: TuneSettings): Promise<Sample> {
  const { paths, storage, lenient, signal } = settings
  const reader = await PackedReader.open({
    paths,
    lenient,
    // As they are stored: what is decoded would be four times as much.
    quantized: 'raw',
    ...(storage === undefined ? {} : { storage }),
    ...(signal === undefined ? {} : { signal }),
  })
  const batches: RecordBatch[] = []
  const release = (): void => {
    for (const batch of batches.splice(0)) reader.release(batch)
  }
  try {
    if (reader.numRows === 0) {
      const path = paths[0]
      const message = `Expected rows to try settings on but received none in ${path}`
      throw new PackedError('InvalidData', message, { path })
    }
    await takeBlocks(reader, settings, batches)
    return {
      schema: reader.schema,
      groups: groupsOf(reader),
      batches,
      rows: batches.reduce((sum, { numRows }) => sum + numRows, 0),
      arrowBytes: batches.reduce((sum, batch) => sum + bytesOf(batch), 0),
      storedRows: reader.numRows,
      storedBytes: reader.files.reduce((sum, { fileBytes }) => sum + fileBytes, 0),
      release,
    }
  } catch (error) {
    release()
    throw error
  } finally {
    await reader.close()
  }
}

/** Each block takes its share of the bytes that are left, by the rows seen so far. */
async function takeBlocks(
  reader: PackedReader,
  { rows: mostRows, sampleBytes }: TuneSettings,
  batches: RecordBatch[],
): Promise<void> {
  const { numRows } = reader
  let seen = await probe(reader)
  const wanted = Math.min(mostRows, numRows, Math.max(1, Math.floor(sampleBytes / seen.rowBytes)))
  const blocks = Math.min(MOST_BLOCKS, Math.ceil(wanted / LEAST_BLOCK_ROWS))
  let rowsLeft = wanted
  let bytesLeft = sampleBytes
  for (let block = 0; block < blocks && rowsLeft > 0; block++) {
    const [start, end] = [block, block + 1].map((n) => Math.floor((n * numRows) / blocks))
    const room = end! - start!
    const share = Math.ceil(rowsLeft / (blocks - block))
    const affordable = Math.floor(bytesLeft / (blocks - block) / seen.rowBytes)
    const count = Math.max(1, Math.min(room, share, affordable))
    const batch = await takeRun(reader, start! + Math.floor((room - count) / 2), count)
    batches.push(batch)
    const bytes = bytesOf(batch)
    rowsLeft -= count
    bytesLeft = Math.max(0, bytesLeft - bytes)
    seen = averaged(seen, count, bytes)
  }
}

interface Seen {
  rows: number
  bytes: number
  rowBytes: number
}

function averaged({ rows, bytes }: Seen, moreRows: number, moreBytes: number): Seen {
  const all = { rows: rows + moreRows, bytes: bytes + moreBytes }
  return { ...all, rowBytes: Math.max(1, all.bytes / all.rows) }
}

async function probe(reader: PackedReader): Promise<Seen> {
  const count = Math.min(reader.numRows, PROBE_ROWS)
  const batch = await takeRun(reader, Math.floor((reader.numRows - count) / 2), count)
  try {
    return averaged({ rows: 0, bytes: 0, rowBytes: 1 }, count, bytesOf(batch))
  } finally {
    reader.release(batch)
  }
}

async function takeRun(reader: PackedReader, first: number, count: number): Promise<RecordBatch> {
  const { batches } = await reader.take(Array.from({ length: count }, (_, i) => first + i))
  return batches[0]!
}

function bytesOf({ data }: RecordBatch): number {
  return data.children.reduce((sum, column) => sum + arrowDataBytes(column), 0)
}

/** The columns stay in the files that they are in. */
function groupsOf({ files, schema }: PackedReader): string[][] {
  const left = new Set(schema.fields.map(({ name }) => name))
  const groups = files.map((file) =>
    file.schema.fields.map(({ name }) => name).filter((name) => left.delete(name)),
  )
  return groups.filter((names) => names.length > 0)
}
