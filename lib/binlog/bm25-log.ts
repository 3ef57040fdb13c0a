import { expectId, expectObject, expectOptions } from '../config/index.js'
import { Bm25Stats } from '../data/index.js'
import { isPackedError, PackedError } from '../errors/index.js'
import type { ChunkManager, ChunkOptions } from '../storage/index.js'
import { expectChunkManager } from '../storage/index.js'
import type { Binlog } from './field-binlog.js'
import type { Id } from './log-path.js'

/** What BM25 statistics do not say about their log. */
export interface Bm25LogFacts extends ChunkOptions {
  /** 1 for the merged statistics of a segment. */
  logId: Id
  /** Hybrid timestamps of the rows that were counted. */
  timestampFrom: Id
  timestampTo: Id
}

/**
 * Read a file of BM25 statistics.
 *
 * @throws PackedError FileCorrupted, NotSupported (another version), NotFound, StorageIO, all
 *   with the path. The signal's reason when it is aborted.
 */
export async function readBm25Log(
  chunks: ChunkManager,
  path: string,
  options: ChunkOptions = {},
): Promise<Bm25Stats> {
  expectChunkManager(chunks, 'chunks')
  expectObject(options, 'options')
  const bytes = await chunks.read(path, options)
  try {
    return Bm25Stats.deserialize(bytes)
  } catch (cause) {
    if (!isPackedError(cause)) throw cause
    throw new PackedError(cause.code, `${cause.message} (in "${path}")`, { path, cause })
  }
}

/**
 * Write BM25 statistics as one object, replacing one of the same key.
 *
 * @returns its metadata; memory is the bytes stored, as Milvus has it.
 * @throws PackedError InvalidArgument, and what the chunk manager throws.
 */
export async function writeBm25Log(
  chunks: ChunkManager,
  path: string,
  stats: Bm25Stats,
  facts: Bm25LogFacts,
): Promise<Binlog> {
  const { logId, timestampFrom, timestampTo, signal } = expectOptions(
    facts,
    ['logId', 'timestampFrom', 'timestampTo', 'signal'],
    'writeBm25Log',
  )
  expectChunkManager(chunks, 'chunks')
  expectObject(stats, 'stats')
  const bytes = stats.serialize()
  const log = {
    entriesNum: stats.numRow,
    timestampFrom: expectId(timestampFrom, 'timestampFrom'),
    timestampTo: expectId(timestampTo, 'timestampTo'),
    logPath: path,
    logSize: bytes.length,
    logId: expectId(logId, 'logId'),
    memorySize: bytes.length,
    fieldNullCounts: new Map<bigint, number>(),
  }
  await chunks.write(path, bytes, { signal })
  return log
}
