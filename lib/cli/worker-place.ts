import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { PackedError } from '../errors/index.js'
import { type ChunkManager, openChunkManager } from '../storage/index.js'
import { LocalMetaStore } from '../sync/index.js'
import { UsageError } from './failure.js'
import { openTree, placeOf } from './place.js'
import { type StorageOptions, StorageSource } from './storage-source.js'

/** What the options of {@link addWorkerOptions} become. */
export interface WorkerPlaceOptions extends StorageOptions {
  dir?: string
  meta?: string
  out?: string
}

/** The options that say where a worker is, and what it works on. */
export function addWorkerOptions(command: Command): Command {
  return command
    .option('--dir <dir>', "the worker's directory")
    .option('--meta <dir>', 'the metadata store (default: meta in --dir)')
}

/** Where segments are; beside `--dir` where nothing says it. */
export function addOutOption(command: Command): Command {
  return command.option(
    '--out <dir>',
    'where segments are (default: the root of --storage, else segments in --dir)',
  )
}

/** @throws UsageError */
export function metaDirectoryOf({ dir, meta }: WorkerPlaceOptions): string {
  if (meta !== undefined) return resolve(meta)
  if (dir !== undefined) return resolve(dir, 'meta')
  throw new UsageError('Expected --dir <dir> or --meta <dir> but received neither')
}

/** A metadata store that is there. @throws PackedError NotFound and what opening one throws. */
export async function openMetaStore(options: WorkerPlaceOptions): Promise<LocalMetaStore> {
  const directory = metaDirectoryOf(options)
  await access(directory).catch((cause: unknown) => {
    const message = `Expected the metadata store of a worker at ${directory} but received none`
    throw new PackedError('NotFound', message, { path: directory, cause })
  })
  return LocalMetaStore.open(directory)
}

/** @throws PackedError, UsageError. */
export async function segmentsTree(options: WorkerPlaceOptions): Promise<ChunkManager> {
  const source = new StorageSource(options)
  if (options.out !== undefined) return openTree(await placeOf(options.out, source, 'storage'))
  if (source.given) return openChunkManager(await source.config())
  if (options.dir !== undefined) {
    return openChunkManager({
      storageType: 'local',
      rootPath: join(resolve(options.dir), 'segments'),
    })
  }
  throw new UsageError('Expected --dir, --out or --storage for where segments are')
}
