/** Segments of manifests to be read: the sample in several files, one set after the other. */
import { join } from 'node:path'
import type { RecordBatch, Table } from 'apache-arrow'
import type { PackedError } from '../../lib/index.js'
import {
  type Manifest,
  ManifestReader,
  type ManifestReaderOptions,
  ManifestTransaction,
  type ManifestWriterOptions,
} from '../../lib/manifest/index.js'
import { BASE, ManifestPlace } from './manifest-writing.js'
import { rejection } from './rejection.js'
import { sampleBatch } from './sample.js'
import { temporaryDirectory } from './temporary.js'

/** Two groups: id and score; title and embedding. */
export const ID_AND_SCORE: Partial<ManifestWriterOptions> = {
  policy: {
    kind: 'columns',
    columns: [
      ['id', 'score'],
      ['title', 'embedding'],
    ],
  },
}

/** A segment below a directory, whose rows are those of the sample from 0 on. */
export class ReadablePlace extends ManifestPlace {
  #rows = 0

  /** Write and commit one file per group for every entry of `rows`; the version they came with. */
  async append(rows: readonly number[], options = ID_AND_SCORE): Promise<number> {
    const writer = await this.open({ rollingBytes: 0, ...options })
    for (const count of rows) {
      await writer.write(sampleBatch(this.#rows, count))
      await writer.flush()
      this.#rows += count
    }
    await writer.close()
    const { chunkManager } = this
    const transaction = await ManifestTransaction.open({ chunkManager, basePath: BASE })
    const { columnGroups } = writer.getWrittenManifest()
    return (await transaction.appendFiles(columnGroups).commit()).version
  }

  read(options: Partial<ManifestReaderOptions> = {}): Promise<ManifestReader> {
    return ManifestReader.open({ chunkManager: this.chunkManager, basePath: BASE, ...options })
  }

  async manifest(version = -1): Promise<Manifest> {
    const reader = await this.read({ version })
    await reader.close()
    return reader.manifest
  }
}

/** Files of 300, 200 and 100 rows in both groups. */
export const SETS = [300, 200, 100]
export const ROWS = 600

/** Places below a directory of the file of tests; `place` has {@link SETS} before the first test. */
export function readablePlaces(name: string) {
  const directory = temporaryDirectory(name)
  let places = 0
  const fresh = () => new ReadablePlace(join(directory, String(places++)))
  const place = fresh()
  beforeAll(async () => {
    await place.append(SETS)
  })
  /** The error that reading ends with, from `place` unless another is given. */
  const fails = async (
    options: Partial<ManifestReaderOptions>,
    from = place,
  ): Promise<PackedError> => await rejection(() => from.read(options))
  return { place, fresh, fails }
}

/** The manifest with every file changed. */
export function withFiles(
  manifest: Manifest,
  change: (
    file: Manifest['columnGroups'][number]['files'][number],
    index: number,
    group: number,
  ) => Partial<Manifest['columnGroups'][number]['files'][number]>,
): Manifest {
  const columnGroups = manifest.columnGroups.map((group, number) => ({
    ...group,
    files: group.files.map((file, index) => ({ ...file, ...change(file, index, number) })),
  }))
  return { ...manifest, columnGroups }
}

export function namesOf({ schema }: { schema: Table['schema'] }): string[] {
  return schema.fields.map(({ name }) => name)
}

/** The numbers in a column, nulls as null. */
export function numbersOf(rows: RecordBatch | Table, name: string): (number | null)[] {
  const column = rows.getChild(name)!
  return Array.from({ length: column.length }, (_, row) => {
    const value = column.get(row) as bigint | number | null
    return value === null ? null : Number(value)
  })
}

export const range = (start: number, end: number): number[] =>
  Array.from({ length: end - start }, (_, i) => start + i)
