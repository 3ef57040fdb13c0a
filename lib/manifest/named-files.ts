import type { Manifest, ManifestIndex } from './model.js'
import { indexFolder } from './paths.js'

/**
 * Every path that a manifest names, each once. Those of indexes (and of statistics of other
 * writers) may be folders.
 */
export function namedPaths(manifest: Manifest): Set<string> {
  return new Set([
    ...manifest.columnGroups.flatMap(({ files }) => files.map(({ path }) => path)),
    ...manifest.deltaLogs.map(({ path }) => path),
    ...Object.values(manifest.stats).flatMap(({ paths }) => paths),
    ...manifest.indexes.map(({ path }) => path).filter((path) => path !== ''),
    ...manifest.lobFiles.map(({ path }) => path),
  ])
}

/** The same and the files of indexes, below each folder that they may be in: what has to stay. */
export function protectedPaths(manifest: Manifest, basePath: string): Set<string> {
  const ofIndexes = manifest.indexes.flatMap((index) => indexFiles(index, basePath))
  return new Set([...namedPaths(manifest), ...ofIndexes])
}

function indexFiles({ path, indexFileKeys }: ManifestIndex, basePath: string): string[] {
  return indexFileKeys.flatMap((key) => indexKeys(key, path, basePath))
}

/** The keys that a file of an index may have: whole, or below one of its folders. */
export function indexKeys(key: string, path: string, basePath: string): string[] {
  return [key, `${path}/${key}`, `${indexFolder(basePath)}/${key}`]
}
