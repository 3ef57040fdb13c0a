import { isPackedError } from '../errors/index.js'
import type { ObjectStore } from './object-store.js'
import { uploadJournal } from './upload-journal.js'
import type { UploadOptions } from './uploader.js'

/** Codes after which the store may have done what it was asked, although nobody heard of it. */
const UNCERTAIN: ReadonlySet<string> = new Set(['Timeout', 'Network', 'StorageIO', 'Throttled'])

/**
 * Start an upload, wanted from now on (see UploadJournal). One that may have been started although
 * this fails is looked for and given up.
 */
export async function createUpload(
  store: ObjectStore,
  key: string,
  options: UploadOptions,
): Promise<string> {
  const fromMs = Date.now()
  try {
    const upload = await store.create(key, options)
    uploadJournal().live(store, upload)
    return upload
  } catch (error) {
    if (!isPackedError(error) || UNCERTAIN.has(error.code)) {
      await uploadJournal().discard({ store, key, started: { fromMs, toMs: Date.now() } })
    }
    throw error
  }
}
