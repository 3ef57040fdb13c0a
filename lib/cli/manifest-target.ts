import { isAbsolute, relative, resolve, sep } from 'node:path'
import type { Command } from 'commander'
import { PackedError } from '../errors/index.js'
import {
  decodeManifest,
  decodeManifestJson,
  type Manifest,
  ManifestStore,
  manifestKey,
  metadataFolder,
} from '../manifest/index.js'
import type { ChunkManager } from '../storage/index.js'
import { parseCount } from './arguments.js'
import { UsageError } from './failure.js'
import { isRemote, openTree, type Place, placeOf } from './place.js'
import { type StorageOptions, StorageSource } from './storage-source.js'

/** What the options of {@link addManifestOptions} become. */
export interface ManifestOptions extends StorageOptions {
  root?: string
}

/** A folder with manifests, or a file that is one. */
export interface ManifestTarget {
  chunkManager: ChunkManager
  /** Base folder of the segment, a key. */
  basePath: string
  /** Where the argument is a file: its key. */
  file: string | undefined
}

/** A manifest, and which version it is; 0 where a file does not say. */
export interface LoadedManifest {
  version: number
  manifest: Manifest
}

/** The argument and options of every verb of `packed manifest`. */
export function addManifestOptions(command: Command): Command {
  return command
    .argument('<base>', "the segment's folder, which _metadata is in: a path or URI")
    .option('--root <dir>', 'the folder that keys in the manifest start from, and <base> is below')
}

/** `--version`, of the verbs that look at one version. */
export function addVersionOption(command: Command): Command {
  return command.option('--version <n>', 'which version (default: the latest)', parseCount)
}

/** @throws PackedError, UsageError. */
export async function manifestTarget(
  text: string,
  { root, ...options }: ManifestOptions,
): Promise<ManifestTarget> {
  const source = new StorageSource(options)
  const place = await placeOf(text, source, 'storage')
  const rootPlace = root === undefined ? undefined : await placeOf(root, source, 'storage')
  const { chunkManager, key } = isRemote(place)
    ? await objectOf(place, rootPlace)
    : await fileOf(place, rootPlace)
  const { basePath, file } = partsOf(key)
  if (basePath !== '' || file !== undefined) return { chunkManager, basePath, file }
  throw new UsageError(`Expected a folder below a bucket or directory but received "${text}"`)
}

/** In a store keys start at the bucket, or at the root of `--storage`. */
async function objectOf(
  place: Place,
  root: Place | undefined,
): Promise<{ chunkManager: ChunkManager; key: string }> {
  const key = place.path.replace(/^\/+|\/+$/g, '')
  if (root === undefined) return { chunkManager: await openTree({ ...place, path: '' }), key }
  const folder = root.path.replace(/^\/+|\/+$/g, '')
  if (folder !== '' && !key.startsWith(`${folder}/`)) throw outside(place, root)
  return {
    chunkManager: await openTree({ ...root, path: folder }),
    key: folder === '' ? key : key.slice(folder.length + 1),
  }
}

/** On a disk they start at `--root`; else before `insert_log`, or at the folder's own parent. */
async function fileOf(
  place: Place,
  root: Place | undefined,
): Promise<{ chunkManager: ChunkManager; key: string }> {
  const { storage } = place
  const file = resolve(storage.rootPath || '.', place.path)
  const folder =
    root === undefined ? rootOf(file) : resolve(root.storage.rootPath || '.', root.path)
  const key = relative(folder, file)
  if (key === '' || key.startsWith('..') || isAbsolute(key)) throw outside(place, root ?? place)
  const chunkManager = await openTree({ ...place, path: folder, storage: { storageType: 'local' } })
  return { chunkManager, key: key.split(sep).join('/') }
}

function rootOf(file: string): string {
  const [, above] = /^(.*)[\\/]insert_log[\\/]/.exec(file) ?? []
  return above ?? resolve(partsOf(file).basePath, '..')
}

/** A base as it is given, or that of a `manifest-N.avro` or `manifest.json`. */
function partsOf(key: string): { basePath: string; file: string | undefined } {
  if (!/\.(avro|json)$/.test(key)) return { basePath: key, file: undefined }
  const basePath = key.replace(/(^|[\\/])(_metadata[\\/])?[^\\/]+$/, '')
  return { basePath, file: key }
}

function outside(place: Place, root: Place): UsageError {
  return new UsageError(
    `Expected a folder below ${JSON.stringify(root.text)} but received "${place.text}"`,
  )
}

/** The versions of a folder. @throws UsageError for a file. */
export function manifestStoreOf({ chunkManager, basePath, file }: ManifestTarget): ManifestStore {
  if (file === undefined) return new ManifestStore(chunkManager, basePath)
  throw new UsageError(`Expected a segment's folder but received the file "${file}"`)
}

/**
 * The manifest of a version, the latest by default.
 *
 * @throws PackedError NotFound, MetadataCorrupted; UsageError for a version of a file.
 */
export async function loadManifest(
  target: ManifestTarget,
  version: number | undefined,
  signal: AbortSignal,
): Promise<LoadedManifest> {
  const { chunkManager, basePath, file } = target
  if (file !== undefined) {
    if (version !== undefined)
      throw new UsageError('Expected --version for a folder, not for a file')
    return decodeFile(file, await chunkManager.read(file, { signal }), basePath)
  }
  const loaded = await manifestStoreOf(target).open(version ?? -1, { signal })
  if (loaded.version > 0) return loaded
  const path = version === 0 ? manifestKey(basePath, 1) : metadataFolder(basePath)
  throw new PackedError('NotFound', `Expected a manifest in ${path} but received none`, { path })
}

function decodeFile(file: string, bytes: Uint8Array, basePath: string): LoadedManifest {
  if (file.endsWith('.json')) {
    return decodeManifestJson(Buffer.from(bytes).toString('utf8'), basePath, file)
  }
  const [, digits] = /manifest-(\d{1,15})\.avro$/.exec(file) ?? []
  return { version: Number(digits ?? 0), manifest: decodeManifest(bytes, basePath, file) }
}
