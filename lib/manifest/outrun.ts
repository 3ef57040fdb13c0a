import { PackedError } from '../errors/index.js'
import { versionTimes } from './newest-version.js'
import type { ManifestStore } from './store.js'

/**
 * Who commits within this time cannot be outrun: an expiry spares versions that were replaced less
 * than a minute ago.
 */
const PROMPT_MS = 30_000
/** What the clock of a store may have been set back between two versions. */
const CLOCK_SLACK_MS = 30_000

/** Remembers when the newest version was asked for. */
export class CommitClock {
  readonly #startMs = performance.now()

  get isPrompt(): boolean {
    return performance.now() - this.#startMs < PROMPT_MS
  }
}

/**
 * A version that was created behind newer ones is nobody's: while its writer hung, others committed
 * the same number, went on and expired it. It is taken back then, so that versions follow each other
 * again. A newer version that is older by the clock of the store tells.
 *
 * @throws PackedError Conflict.
 */
export async function refuseOutrun(store: ManifestStore, version: number): Promise<void> {
  const times = await versionTimes(store.chunkManager, store.basePath)
  const ownMs = times.get(version) ?? Number.NEGATIVE_INFINITY
  const newer = [...times].filter(([other]) => other > version)
  if (!newer.some(([, modifiedMs]) => modifiedMs < ownMs - CLOCK_SLACK_MS)) return
  await store.remove(version)
  const newest = Math.max(...newer.map(([other]) => other))
  const message = `Expected version ${version} of "${store.basePath}" to be new but others had committed up to ${newest} and expired it`
  throw new PackedError('Conflict', message, { path: store.basePath })
}
