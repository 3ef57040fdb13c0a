import { parseExact, stringifyExact } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import type { MetaStore } from '../../sync/index.js'

/** Whose a channel is: a directory may be moved, its id goes with it. */
interface Claim {
  readonly workerId: string
  /** Where the worker was when it made the claim. */
  readonly directory: string
}

/**
 * Make a channel one worker's, for ever: the lock of a directory says nothing of others that
 * share its metadata store. Idempotent.
 *
 * @throws PackedError Conflict naming the directory of the worker that has it, and what the store
 *   throws.
 */
export async function claimChannel(
  store: MetaStore,
  channelName: string,
  claim: Claim,
): Promise<void> {
  const key = `worker/${channelName}`
  const value = new TextEncoder().encode(stringifyExact(claim))
  const isNew = await store.commit({ expect: [{ key, version: 0 }], put: [{ key, value }] })
  if (isNew) return
  const entry = await store.get(key)
  const owner = parseExact(new TextDecoder().decode(entry?.value)) as Claim
  if (owner.workerId === claim.workerId) return
  const message =
    `Expected a channel of this worker alone for channelName but received "${channelName}", ` +
    `which the worker of "${owner.directory}" has`
  throw new PackedError('Conflict', message, { path: claim.directory })
}
