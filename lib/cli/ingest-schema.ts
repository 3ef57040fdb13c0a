import { readdir } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'
import { PackedError } from '../errors/index.js'
import {
  formatOfExtension,
  type InferredCollection,
  type IngestInput,
  type InputPlace,
  inferCollection,
  inputFormat,
  openInput,
  parseColumnType,
  STDIN,
} from '../ingest/index.js'
import { asUsage, UsageError } from './failure.js'
import type { IngestCommandOptions } from './ingest-options.js'

/**
 * The collection that the first input shows, which is opened for that and let go again.
 *
 * @throws PackedError what reading it throws, InvalidSchema, NotFound (an empty directory);
 *   UsageError for standard input.
 */
export async function inferredCollection(
  [first]: readonly IngestInput[],
  options: IngestCommandOptions,
  signal: AbortSignal,
): Promise<InferredCollection> {
  const place = options.watch ? await firstFileIn(first!.place as InputPlace) : first!.place
  const { text, path } = place as InputPlace
  if (path === STDIN) {
    throw new UsageError('Expected --schema with standard input, which cannot be read twice')
  }
  const format = asUsage(() => inputFormat(path, options.format))
  const types = (options.types ?? []).map(([name, type]) => {
    return [name, asUsage(() => parseColumnType(type))] as const
  })
  const input = await openInput(place as InputPlace, format, { types: new Map(types), signal })
  try {
    return inferCollection(input, {
      name: options.collection ?? basename(text, extname(text)),
      primaryKey: options.primaryKey,
    })
  } finally {
    await input.close()
  }
}

async function firstFileIn({ path: directory }: InputPlace): Promise<InputPlace> {
  const names = await readdir(directory)
  const name = names.filter((candidate) => formatOfExtension(candidate) !== undefined).sort()[0]
  if (name !== undefined) return { text: join(directory, name), path: join(directory, name) }
  const message = `Expected a file in ${directory} to infer the collection from, or --schema, but found none`
  throw new PackedError('NotFound', message, { path: directory })
}
