import type { ChunkManager, ChunkOptions } from '../storage/index.js'
import { manifestKey, metadataFolder } from './paths.js'

/** Decimal without padding; anything else in the folder is nobody's manifest. */
const NAME = /^manifest-([1-9][0-9]{0,15})\.avro$/
/** Versions that one listing is about: their names share all but the last two digits. */
const WINDOW = 100
/** Names that a store lists by one request. */
const PAGE = 1000

/** The versions below a segment's folder whose names start with the digits of `stem`, ascending. */
export async function listVersions(
  chunkManager: ChunkManager,
  basePath: string,
  stem: string,
  { signal }: ChunkOptions,
): Promise<number[]> {
  const folder = `${metadataFolder(basePath)}/`
  const prefix = `${folder}manifest-${stem}`
  const versions: number[] = []
  for await (const { path } of chunkManager.walk(prefix, { recursive: false, signal })) {
    const version = Number(NAME.exec(path.slice(folder.length))?.[1])
    if (Number.isSafeInteger(version)) versions.push(version)
  }
  return versions.sort((left, right) => left - right)
}

/** When each version was written, by the clock of the store. */
export async function versionTimes(
  chunkManager: ChunkManager,
  basePath: string,
): Promise<Map<number, number>> {
  const times = new Map<number, number>()
  const folder = `${metadataFolder(basePath)}/`
  for await (const { path, modifiedMs } of chunkManager.walk(folder, { recursive: false })) {
    const version = Number(NAME.exec(path.slice(folder.length))?.[1])
    if (Number.isSafeInteger(version)) times.set(version, modifiedMs)
  }
  return times
}

/**
 * The newest version where `known` once was the newest; 0 for none.
 *
 * Versions follow each other without holes above one that was the newest, and the old ones go
 * oldest first, the newest never. So who sees `known` and not the next one knows, and need not list
 * ten thousand names: on a disk two looks do, in a store one listing of the names that differ in
 * their last two digits (two listings, where the newest of more than a thousand ends with 99).
 * Where `known` is gone everything is listed.
 */
export async function findNewest(
  chunkManager: ChunkManager,
  basePath: string,
  known: number,
  options: ChunkOptions,
): Promise<number> {
  if (known > 0 && chunkManager.storage?.storageType === 'local') {
    const next = await chunkManager.exist(manifestKey(basePath, known + 1), options)
    if (!next && (await chunkManager.exist(manifestKey(basePath, known), options))) return known
  }
  // The one after the last of a window has other digits: as long as one request lists all, it may.
  const isWindowed = known >= WINDOW && !(known < PAGE && isLastOfWindow(known))
  for (let newest = known; isWindowed; ) {
    const last = await lastOf(newest)
    if (last < newest) break
    const isEnd = isLastOfWindow(last)
    if (windowOf(last) === windowOf(newest) && !isEnd) return last
    // Other names with these digits are of far older versions.
    const next = isEnd ? await lastOf(last + 1) : last
    if (isEnd && next <= last) return last
    newest = next
  }
  return (await listVersions(chunkManager, basePath, '', options)).at(-1) ?? 0

  async function lastOf(version: number): Promise<number> {
    const versions = await listVersions(chunkManager, basePath, windowOf(version), options)
    return versions.at(-1) ?? 0
  }
}

function isLastOfWindow(version: number): boolean {
  return version % WINDOW === WINDOW - 1
}

function windowOf(version: number): string {
  return String(Math.floor(version / WINDOW))
}
