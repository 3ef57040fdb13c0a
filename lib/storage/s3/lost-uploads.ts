import type { S3Connection } from './client.js'
import { listParts, listUploads } from './list.js'
import type { S3Requests } from './requests.js'

/** Stores tell the start of an upload in whole seconds. */
const CLOCK_GRAIN_MS = 1000
/** Looking for what was lost never holds up an upload for longer. */
const LOOK_MS = 5000

/**
 * Uploads that were started by requests whose answers were lost: nobody knows their names.
 *
 * When a start is tried again, other uploads of the same key that began within the time of the
 * trying are suspects. They go when ours has ended, if they have no part until then: another
 * writer of the same key would have sent some.
 */
export class S3LostUploads {
  readonly #store: { connection: S3Connection; requests: S3Requests }
  readonly #suspects = new Map<string, string[]>()

  constructor(connection: S3Connection, requests: S3Requests) {
    this.#store = { connection, requests }
  }

  /** Note the suspects beside `upload`. Never fails: an answer that is lost here costs a sweep. */
  async suspect(key: string, upload: string): Promise<void> {
    try {
      const open = []
      for await (const entry of listUploads(this.#store, key, within(LOOK_MS))) {
        if (entry.key === key) open.push(entry)
      }
      const startedMs = open.find((entry) => entry.upload === upload)?.startedMs
      if (startedMs === undefined) return
      const sinceMs = startedMs - this.#store.requests.timeoutMs - CLOCK_GRAIN_MS
      const suspects = open
        .filter((entry) => entry.upload !== upload)
        .filter((entry) => entry.startedMs >= sinceMs && entry.startedMs <= startedMs)
      this.#suspects.set(
        upload,
        suspects.map((entry) => entry.upload),
      )
    } catch {
      // Nothing is known: `packed uploads abort` finds what is old.
    }
  }

  /** Abort the suspects beside an upload that has ended. Never fails. */
  async sweep(key: string, upload: string): Promise<void> {
    const suspects = this.#suspects.get(upload) ?? []
    this.#suspects.delete(upload)
    await Promise.allSettled(suspects.map((suspect) => this.#abortEmpty(key, suspect)))
  }

  async #abortEmpty(key: string, upload: string): Promise<void> {
    const { connection, requests } = this.#store
    const { signal } = within(LOOK_MS)
    for await (const _ of listParts(this.#store, { key, upload }, { signal })) return
    const input = { Bucket: connection.bucket, Key: key, UploadId: upload }
    await requests.run({ key, signal }, ({ send }) =>
      send(new connection.sdk.AbortMultipartUploadCommand(input)),
    )
  }
}

function within(timeoutMs: number): { signal: AbortSignal } {
  return { signal: AbortSignal.timeout(timeoutMs) }
}
