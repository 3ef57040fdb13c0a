import { readdir, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import {
  familyOf,
  joinRoot,
  parseStorageUri,
  type StorageConfig,
  storageUri,
} from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { type ChunkManager, openChunkManager } from '../storage/index.js'
import { UsageError } from './failure.js'
import type { StorageSource } from './storage-source.js'

/** A path or URI of the command line, and where it is. */
export interface Place {
  /** As it was given: what messages and results name. */
  text: string
  /** Below the root of `storage`. */
  path: string
  storage: StorageConfig
}

/** Where a plain path is: on the disk, or where `--storage` says. */
export type PlainPaths = 'local' | 'storage'

export function isRemote({ storage }: Place): boolean {
  return familyOf(storage) !== undefined
}

/** @throws PackedError, UsageError. */
export async function placeOf(
  text: string,
  source: StorageSource,
  plain: PlainPaths,
): Promise<Place> {
  const { family, bucketName, path } = parseStorageUri(text)
  if (family === undefined && plain === 'storage' && source.given) {
    return { text, path, storage: await source.config() }
  }
  if (family === undefined || family === 'file') {
    return { text, path, storage: { storageType: 'local' } }
  }
  const { rootPath: _, ...storage } = await source.config({ bucketName: bucketName! }, family)
  const found = familyOf(storage)
  if (found === family) return { text, path, storage }
  const expected = { s3: 'S3', azure: 'Azure', gcp: 'Google' }[family]
  throw new UsageError(
    `Expected a configuration of ${expected} in --storage for "${text}" but received ` +
      `one of ${found === undefined ? 'the local disk' : found}`,
  )
}

/** A folder that is the root of a tree. */
export async function openTree(place: Place): Promise<ChunkManager> {
  const { storage, path } = place
  const rootPath = storage.rootPath || isRemote(place) ? joinRoot(storage.rootPath, path) : path
  return openChunkManager({ ...storage, rootPath })
}

/** The files that are meant; a folder (`…/` in an object store) is every file right in it. */
export async function filePlaces(
  texts: readonly string[],
  source: StorageSource,
  signal: AbortSignal,
  options: FolderOptions = {},
): Promise<Place[]> {
  const places: Place[] = []
  for (const text of texts) {
    const place = await placeOf(text, source, 'storage')
    if (!isRemote(place)) places.push(...(await localFiles(place, options)))
    else if (!/^$|\/$/.test(place.path)) places.push(place)
    else places.push(...(await filesIn(place, signal, options)))
  }
  return places
}

/** What of a folder is meant. */
export interface FolderOptions {
  /** Files in folders below it, too. */
  isDeep?: boolean
}

/** Numbers by their value: `seg/9` before `seg/10`. */
const byName = new Intl.Collator('en', { numeric: true }).compare

/** Files of rows: not hidden, and not what lies beside them in `_stats`, `_delta`, `_metadata`. */
function isOfRows(below: string): boolean {
  return below.split(/[\\/]/).every((part) => part === '_data' || !/^[._]/.test(part))
}

/** The place itself, or the files in it. */
async function localFiles(place: Place, { isDeep = false }: FolderOptions): Promise<Place[]> {
  const { path, text, storage } = place
  const folder = resolve(storage.rootPath ?? '', path)
  const isFolder = await stat(folder).then(
    (found) => found.isDirectory(),
    // Whoever opens it says what is wrong.
    () => false,
  )
  if (!isFolder) return [place]
  const entries = await readdir(folder, { withFileTypes: true, recursive: isDeep })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter(isOfRows)
  if (files.length > 0) {
    return files
      .sort(byName)
      .map((name) => ({ text: join(text, name), path: join(path, name), storage }))
  }
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const below = folders.length === 0 ? '' : ` but folders (${folders.sort(byName).join(', ')})`
  const message = `Expected files right in ${text} but received none${below}`
  throw new PackedError('NotFound', message, { path: text })
}

async function filesIn(
  folder: Place,
  signal: AbortSignal,
  { isDeep = false }: FolderOptions,
): Promise<Place[]> {
  const { storage, text } = folder
  const chunks = await openChunkManager(storage)
  const files: Place[] = []
  for await (const { path } of chunks.walk(folder.path, { recursive: isDeep, signal })) {
    if (isDeep && !isOfRows(path.slice(folder.path.length))) continue
    files.push({ text: storageUri(storage, path), path, storage })
  }
  if (files.length > 0) return files.sort((one, other) => byName(one.path, other.path))
  throw new PackedError('NotFound', `Expected objects right in ${text} but received none`, {
    path: text,
  })
}

/** What files that are read together have in common. @throws UsageError, of several stores. */
export function commonStorage([first, ...others]: readonly Place[]): StorageConfig {
  const { storage, text } = first!
  const stranger = others.find((place) => placeName(place) !== placeName(first!))
  if (stranger === undefined) return storage
  throw new UsageError(
    `Expected files in one bucket, or all on the disk, but received "${text}" and "${stranger.text}"`,
  )
}

function placeName({ storage }: Place): string {
  const family = familyOf(storage)
  return family === undefined ? '' : `${family} ${storage.bucketName} ${storage.rootPath}`
}
