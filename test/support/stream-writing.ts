/** Writers of the sample in directories of their own, and the sample in three batches. */
import { join } from 'node:path'
import type { RecordBatch } from 'apache-arrow'
import { PackedReader, PackedWriter, type PackedWriterOptions } from '../../lib/index.js'
import { expectSample, sampleBatch, sampleSchema } from './sample.js'
import { filesBelow, temporaryDirectory } from './temporary.js'

export const THIRDS_ROWS = 300

export const thirds = (): RecordBatch[] => [0, 100, 200].map((start) => sampleBatch(start, 100))

export interface OpenedWriter {
  writer: PackedWriter
  /** Files below the writer's directory. */
  files(): string[]
}

/** Opens writers, each in a directory of its own. */
export function writersIn(name: string) {
  const root = temporaryDirectory(name)
  let count = 0
  return async (options: Partial<PackedWriterOptions> = {}): Promise<OpenedWriter> => {
    const directory = join(root, String(count++))
    const writer = await PackedWriter.open({ schema: sampleSchema(), directory, ...options })
    return { writer, files: () => filesBelow(directory) }
  }
}

/** Finish, unless that is done, and check that these rows of the sample are there. */
export async function expectWritten({ writer }: OpenedWriter, rows = THIRDS_ROWS): Promise<void> {
  const { groups } = writer.result ?? (await writer.finish())
  const reader = await PackedReader.open({ paths: groups.map(({ path }) => path) })
  expectSample((await reader.toTable()).batches, rows)
  await reader.close()
}
