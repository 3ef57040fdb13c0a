/** A segment with a history of its own: real files, three versions of its manifest. */
import { join } from 'node:path'
import {
  type Manifest,
  ManifestStore,
  ManifestTransaction,
  PackedRecordManifestWriter,
} from '../../lib/manifest/index.js'
import type { ChunkManager } from '../../lib/storage/index.js'
import { LocalChunkManager } from '../../lib/storage/index.js'
import { sampleBatch, sampleSchema } from './sample.js'

/**
 * Version 1: 100 rows; 2: 50 more, statistics, a file of `_stats`; 3: without `title`. Every
 * version has its copy in `manifest.json`.
 */
export async function manifestSegment(
  chunkManager: ChunkManager,
  basePath: string,
): Promise<ManifestStore> {
  const write = async (first: number, rows: number): Promise<Manifest['columnGroups']> => {
    const writer = await PackedRecordManifestWriter.open({
      schema: sampleSchema(),
      chunkManager,
      basePath,
      policy: { kind: 'schemaBased', patterns: ['id|title', 'score|embedding'] },
    })
    await writer.write(sampleBatch(first, rows))
    await writer.close()
    return writer.getWrittenManifest().columnGroups
  }
  const open = () => ManifestTransaction.open({ chunkManager, basePath, json: true })
  await (await open()).appendFiles(await write(0, 100)).commit()
  const path = `${basePath}/_stats/bloom_filter.100/7`
  await chunkManager.write(path, new Uint8Array(20))
  const second = await open()
  second.updateStatistics('bloom_filter.100', { paths: [path], metadata: { memory_size: '20' } })
  await second.appendFiles(await write(100, 50)).commit()
  await (await open()).dropColumn('title').commit()
  return new ManifestStore(chunkManager, basePath)
}

/** The same on a disk; gives the folder of the segment. */
export async function localManifestSegment(
  root: string,
  basePath = 'insert_log/1/2/3',
): Promise<{ store: ManifestStore; folder: string }> {
  const store = await manifestSegment(new LocalChunkManager({ rootPath: root }), basePath)
  return { store, folder: join(root, basePath) }
}
