import { isPackedError } from '../../errors/index.js'
import type { ObjectStore } from '../object-store.js'
import type { UploadOptions } from '../uploader.js'
import { uploadJournal } from './journal.js'

/** Codes after which the store may have done what it was asked, although nobody heard of it. */
const UNCERTAIN: ReadonlySet<string> = new Set([
  'Timeout',
  'Network',
  'StorageIO',
  'Throttled',
  'Aborted',
])

/**
 * Start an upload, wanted from now on (see UploadJournal). One that may have been started although
 * this fails is looked for and given up, by and by.
 */
export async function createUpload(
  store: ObjectStore,
  key: string,
  options: UploadOptions,
): Promise<string> {
  const fromMs = Date.now()
  try {
    return await uploadJournal().start(store, key, () => store.create(key, options))
  } catch (error) {
    if (!isPackedError(error) || UNCERTAIN.has(error.code)) {
      void uploadJournal().discard({ store, key, started: { fromMs, toMs: Date.now() } })
    }
    throw error
  }
}
