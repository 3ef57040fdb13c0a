/** The same rows as a segment of every storage version, and what opens it. */
import type { InsertData } from '../../lib/data/index.js'
import {
  createManifest,
  type SegmentReaderOptions,
  type WriteSegmentOptions,
} from '../../lib/segment/index.js'
import { BOOKS, book, chunk, segmentIn } from './segments.js'

export const STORAGE_VERSIONS = [0, 2, 3] as const

/** Keys 0 to 8 in chunks of 3, 2 and 4 rows, written at 10, 20, …, 90. */
export function threeChunks(): InsertData[] {
  return [
    [0, 1, 2],
    [3, 4],
    [5, 6, 7, 8],
  ].map((ids) =>
    chunk(
      BOOKS,
      ids.map((id) => book(id, (id + 1) * 10)),
    ),
  )
}

/** Write a segment below `directory`; of StorageV3 one of V2 that got a manifest. */
export async function segmentPlace(
  directory: string,
  storageVersion: 0 | 2 | 3,
  data: InsertData[],
  options: Partial<WriteSegmentOptions> = {},
): Promise<SegmentReaderOptions> {
  const { schema = BOOKS, encryption } = options
  const { chunkManager, info } = await segmentIn(directory, data, {
    storageVersion: storageVersion === 0 ? 0 : 2,
    ...options,
  })
  const keyRetriever = encryption === undefined ? {} : { keyRetriever: () => encryption.key }
  const { binlogs, deltalogs, statslogs } = info
  if (storageVersion !== 3) {
    return { schema, chunkManager, binlogs, deltalogs, statslogs, ...keyRetriever }
  }
  const { manifestPath } = await createManifest({ chunkManager, segment: info, ...keyRetriever })
  return { schema, chunkManager, manifestPath, ...keyRetriever }
}
