import {
  expectFunction,
  expectKnownKeys,
  expectObject,
  expectSignal,
  expectText,
  type StorageConfig,
  unexpected,
} from '../../config/index.js'
import type { ObjectStore } from '../object-store.js'
import { openObjectStore } from '../open-object-store.js'
import { Spool, type SpoolSet } from './spool.js'
import { discardSet, type UploadProgress, uploadSet } from './upload.js'

const DEFAULT_IN_FLIGHT_BYTES = 64 << 20

/** Options of {@link resumeUploads}. */
export interface ResumeUploadsOptions {
  /** Directory that the writers had as `spool`. */
  spool: string
  /** The store that they wrote to; files for another one are left alone. */
  storage: StorageConfig
  /** Aborting stops the uploads; they can be resumed again. */
  signal?: AbortSignal
  /** Called after each part. */
  onProgress?: (progress: UploadProgress) => void
}

/** What {@link resumeUploads} did, by the paths that the writers were given. */
export interface ResumedUploads {
  published: string[]
  /** Of writers that died while writing, or were aborted: nothing of them is left. */
  removed: string[]
  /** Still in the spool: to be resumed again, or to be given up by {@link abandonUploads}. */
  failed: { paths: string[]; error: unknown }[]
}

/** Options of {@link abandonUploads}. */
export interface AbandonUploadsOptions {
  /** Directory that the writers had as `spool`. */
  spool: string
  /** The store that they wrote to; files for another one are left alone. */
  storage: StorageConfig
  /** Only writers of one of these paths, with all their files; every writer when absent. */
  paths?: readonly string[]
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

/**
 * Go on with what writers with a `spool` had not uploaded when their process ended: parts that the
 * store has, byte for byte, are kept, the others are sent, then the objects appear and the local
 * files are removed. Writers at work in this process are left alone.
 *
 * @throws PackedError InvalidArgument, Conflict (another process uses the spool),
 *   MetadataCorrupted, PermissionDenied; the signal's reason when it is aborted. What goes wrong
 *   with single writers is in `failed`.
 */
export async function resumeUploads(options: ResumeUploadsOptions): Promise<ResumedUploads> {
  const name = 'resumeUploads'
  const { spool, storage } = expectPlace(options, ['signal', 'onProgress'], name)
  const signal = expectSignal(options.signal, 'signal')
  const onProgress = expectFunction<(progress: UploadProgress) => void>(
    options.onProgress,
    'onProgress',
  )
  signal?.throwIfAborted()
  const inFlightBytes = storage.uploadBytesInFlight ?? DEFAULT_IN_FLIGHT_BYTES
  const resumed: ResumedUploads = { published: [], removed: [], failed: [] }
  await eachSet(spool, storage, async (set, store) => {
    const { sealed, unwanted } = set.record
    try {
      if (sealed && !unwanted) {
        await uploadSet(set, { store, inFlightBytes, signal, onProgress })
        resumed.published.push(...set.paths)
      } else {
        await discardSet(set, store)
        resumed.removed.push(...set.paths)
      }
    } catch (error) {
      signal?.throwIfAborted()
      resumed.failed.push({ paths: set.paths, error })
    }
  })
  return resumed
}

/**
 * Give up what is left in a spool: uploads are aborted, objects that were published already and
 * the local files are removed. For a new attempt at the same data, which takes new paths.
 *
 * @returns the paths that were given up.
 * @throws as {@link resumeUploads}, and what the store says to the removal.
 */
export async function abandonUploads(options: AbandonUploadsOptions): Promise<string[]> {
  const { spool, storage } = expectPlace(options, ['paths', 'signal'], 'abandonUploads')
  const { paths } = options
  if (paths !== undefined && !Array.isArray(paths)) throw unexpected('an array', 'paths', paths)
  const wanted = paths && new Set(paths.map((path, index) => expectText(path, `paths[${index}]`)))
  const signal = expectSignal(options.signal, 'signal')
  const abandoned: string[] = []
  await eachSet(spool, storage, async (set, store) => {
    signal?.throwIfAborted()
    if (wanted !== undefined && !set.paths.some((path) => wanted.has(path))) return
    await discardSet(set, store)
    abandoned.push(...set.paths)
  })
  return abandoned
}

function expectPlace(options: unknown, more: readonly string[], name: string) {
  const given = expectObject(options, `the options of ${name}`)
  expectKnownKeys(given, ['spool', 'storage', ...more], name)
  const storage = expectObject(given.storage, 'storage') as StorageConfig
  return { spool: expectText(given.spool, 'spool'), storage }
}

/** Every set of the store that nobody is at work on, one after the other. */
async function eachSet(
  directory: string,
  storage: StorageConfig,
  visit: (set: SpoolSet, store: ObjectStore) => Promise<void>,
): Promise<void> {
  const store = await openObjectStore(storage)
  const spool = await Spool.enter(directory)
  try {
    for await (const set of spool.takeAll()) {
      if (set.record.store === store.name) await visit(set, store)
    }
  } finally {
    await spool.leave()
  }
}
