import { PackedError } from '../errors/index.js'
import { applyChanges, type ManifestChange } from './changes.js'
import { mergeChanges } from './merge.js'
import type { Manifest } from './model.js'

/**
 * What becomes of a transaction when others have committed since it read the manifest.
 *
 * - `fail`: Conflict (Milvus's default).
 * - `overwrite`: what was read, with the changes, replaces what the others made of it (Milvus's).
 * - `merge`: the changes are made to the latest manifest, Conflict where both touched the same
 *   (ours).
 */
export const MANIFEST_RESOLVERS = ['fail', 'overwrite', 'merge'] as const

/** What a transaction does when another writer has committed a version meanwhile. */
export type ManifestResolver = (typeof MANIFEST_RESOLVERS)[number]

/** The state that a resolver decides on. */
export interface Resolving {
  readonly readVersion: number
  readonly read: Manifest
  readonly latestVersion: number
  /** Asked for by `merge` alone: the others commit over a latest manifest that nobody can read. */
  readonly latest: () => Promise<Manifest>
  readonly changes: readonly ManifestChange[]
}

/**
 * The manifest to commit as the version after the latest.
 *
 * @throws PackedError InvalidArgument (see {@link applyChanges}), Conflict.
 */
export async function resolveChanges(
  resolver: ManifestResolver,
  state: Resolving,
): Promise<Manifest> {
  const { readVersion, read, latestVersion, latest, changes } = state
  const resolved = applyChanges(read, changes)
  if (latestVersion === readVersion || resolver === 'overwrite') return resolved
  if (resolver === 'merge') return mergeChanges(read, await latest(), changes)
  throw new PackedError(
    'Conflict',
    `Expected version ${readVersion}, which was read, to be the latest but received ${latestVersion} of a concurrent transaction`,
  )
}
