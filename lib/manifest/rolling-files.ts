import { randomUUID } from 'node:crypto'
import type { RecordBatch } from 'apache-arrow'
import {
  type ColumnGroupResult,
  type PackedWriteResult,
  PackedWriter,
  type PackedWriterOptions,
  type WriterProgress,
} from '../packed/index.js'
import { type ChunkManager, mapBounded } from '../storage/index.js'
import type { ManifestColumnGroup, ManifestFile } from './model.js'

/** Files that are removed at a time. */
const MOST_AT_ONCE = 16

/** How the files of a manifest writer are made. */
export interface RollingSettings {
  /** Folder of the files, without a slash at its end. */
  folder: string
  chunkManager: ChunkManager
  writer: Omit<PackedWriterOptions, 'groups'>
  /** Names of columns by group. */
  groups: readonly (readonly string[])[]
  /** Positions of these columns in the schema, by group. */
  positions: readonly (readonly number[])[]
  /** 0: only `endFiles` ends files. */
  rollingBytes: number
  /** The footer of an encrypted file has another size than readers without the key would see. */
  isEncrypted: boolean
  onProgress: ((progress: WriterProgress) => void) | undefined
}

/** The files that are being written, one per group. */
interface OpenFiles {
  writer: PackedWriter
  /** By group. */
  paths: readonly string[]
  /** Decoded Arrow bytes, by group. */
  bytes: number[]
  rows: number
}

const NO_PROGRESS: WriterProgress = {
  rows: 0,
  bytesIn: 0,
  bytesOut: 0,
  bufferedBytes: 0,
  rowGroups: 0,
}

/**
 * The data files of a manifest writer: set after set, one file per group in each.
 *
 * A set is opened by its first row, so that no file is without rows, and is published whole when it
 * ends. All files of a set have the same rows and the same group list in their footers: each set is
 * a packed segment by itself, which readers of StorageV2 take as it is.
 */
export class RollingFiles {
  readonly #settings: RollingSettings
  readonly #files: ManifestFile[][]
  /** Keys of files that may be there. */
  readonly #made: string[] = []
  readonly #orphans: string[] = []
  #open: OpenFiles | undefined
  /** Of the sets that have ended. */
  #ended = NO_PROGRESS

  constructor(settings: RollingSettings) {
    this.#settings = settings
    this.#files = settings.groups.map(() => [])
  }

  /** Keys of files that are to be gone and could not be removed. */
  get orphans(): readonly string[] {
    return this.#orphans
  }

  /** What was published, by group. */
  get columnGroups(): ManifestColumnGroup[] {
    return this.#settings.groups.map((columns, index) => ({
      columns: [...columns],
      files: [...this.#files[index]!],
      format: 'parquet',
    }))
  }

  /** @param bytes decoded bytes of every column. */
  async write(batch: RecordBatch, bytes: readonly number[]): Promise<void> {
    const { positions, rollingBytes } = this.#settings
    this.#open ??= await this.#begin()
    const open = this.#open
    await open.writer.write(batch)
    open.rows += batch.numRows
    positions.forEach((columns, group) => {
      for (const column of columns) open.bytes[group]! += bytes[column]!
    })
    if (rollingBytes > 0 && Math.max(...open.bytes) >= rollingBytes) await this.endFiles()
  }

  /** Publish the files that are open. Nothing to do without any. */
  async endFiles(): Promise<void> {
    const open = this.#open
    if (open === undefined) return
    // Before it: of files that appear together some may be there when the others fail.
    this.#made.push(...open.paths)
    const result = await open.writer.finish()
    this.#open = undefined
    this.#ended = this.#sum(open.writer.progress)
    this.#note(result)
  }

  /** Remove everything. Never fails: what could not be removed is among the orphans. */
  async discard(): Promise<void> {
    await this.#open?.writer.close()
    this.#open = undefined
    // Without the signal: who was aborted cleans up, too.
    await mapBounded(this.#made.splice(0), MOST_AT_ONCE, async (key) => {
      await this.#settings.chunkManager.remove(key).catch(() => this.#orphans.push(key))
    })
  }

  async #begin(): Promise<OpenFiles> {
    const { folder, writer: options, groups, onProgress } = this.#settings
    const paths = groups.map((_, index) => `${folder}/${index}_${randomUUID()}.parquet`)
    const writer = await PackedWriter.open({
      ...options,
      groups: groups.map((fields, index) => ({ id: index, path: paths[index]!, fields })),
      ...(onProgress === undefined
        ? {}
        : { onProgress: (progress) => onProgress(this.#sum(progress)) }),
    })
    return { writer, paths, bytes: groups.map(() => 0), rows: 0 }
  }

  #note({ groups }: PackedWriteResult): void {
    for (const [index, group] of groups.entries()) {
      this.#files[index]!.push(this.#fileOf(group))
    }
  }

  #fileOf({ path, rows, fileBytes, footerBytes }: ColumnGroupResult): ManifestFile {
    const footer = this.#settings.isEncrypted ? {} : { footer_size: String(footerBytes) }
    return {
      path,
      startIndex: 0,
      endIndex: rows,
      properties: { file_size: String(fileBytes), ...footer },
    }
  }

  #sum(progress: WriterProgress): WriterProgress {
    const { rows, bytesIn, bytesOut, rowGroups } = this.#ended
    return {
      rows: rows + progress.rows,
      bytesIn: bytesIn + progress.bytesIn,
      bytesOut: bytesOut + progress.bytesOut,
      bufferedBytes: progress.bufferedBytes,
      rowGroups: rowGroups + progress.rowGroups,
    }
  }
}
