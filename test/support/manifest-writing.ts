/** Writing the data files of manifests: a small segment, and what stands in its folder. */
import { join, relative } from 'node:path'
import {
  type ManifestWriterOptions,
  PackedRecordManifestWriter,
  type WrittenManifest,
} from '../../lib/manifest/index.js'
import { PackedReader } from '../../lib/packed/index.js'
import { LocalChunkManager } from '../../lib/storage/index.js'
import { expectSample, sampleSchema } from './sample.js'
import { filesBelow } from './temporary.js'

export const BASE = 'seg/1/2/3'

/** A chunk manager over a folder, and writers of the sample at {@link BASE} in it. */
export class ManifestPlace {
  readonly root: string
  readonly chunkManager: LocalChunkManager

  constructor(root: string) {
    this.root = root
    this.chunkManager = new LocalChunkManager({ rootPath: root })
  }

  open(options: Partial<ManifestWriterOptions> = {}): Promise<PackedRecordManifestWriter> {
    const { chunkManager } = this
    const place = { schema: sampleSchema(), basePath: BASE, chunkManager }
    return PackedRecordManifestWriter.open({ ...place, ...options })
  }

  /** Keys of every file, hidden ones too. */
  get keys(): string[] {
    return filesBelow(this.root)
      .map((path) => relative(this.root, path))
      .sort()
  }

  /** Where the file of a key is. */
  file(key: string): string {
    return join(this.root, key)
  }
}

/** Keys of the files of a manifest, in the order of names. */
export function keysOf({ columnGroups }: WrittenManifest): string[] {
  return columnGroups.flatMap(({ files }) => files.map(({ path }) => path)).sort()
}

/** Rows of every file, by group. */
export function rowsOf({ columnGroups }: WrittenManifest): number[][] {
  return columnGroups.map(({ files }) => files.map((file) => file.endIndex - file.startIndex))
}

/** Rows 0 to `rows` of the sample: every set of files by itself, as readers of StorageV2 take it. */
export async function expectSets(
  place: ManifestPlace,
  writer: PackedRecordManifestWriter,
  rows: number,
): Promise<void> {
  const { columnGroups } = writer.getWrittenManifest()
  const sets = columnGroups[0]!.files.map((_, set) => columnGroups.map(({ files }) => files[set]!))
  const batches = []
  for (const files of sets) {
    const paths = files.map(({ path }) => place.file(path))
    const reader = await PackedReader.open({ paths, schema: sampleSchema() })
    const table = await reader.toTable()
    for (const file of files) expect(file).toMatchObject({ startIndex: 0, endIndex: table.numRows })
    batches.push(...table.batches)
  }
  expectSample(batches, rows)
}
