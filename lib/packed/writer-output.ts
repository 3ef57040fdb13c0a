import type { StorageConfig } from '../config/index.js'
import { isPackedError, PackedError } from '../errors/index.js'
import type { NativeWriterOptions } from '../native/index.js'
import {
  type ObjectStore,
  openObjectStore,
  RemoteKeys,
  SpooledFiles,
  UploadHandler,
  type UploadHandlerOptions,
} from '../storage/index.js'

const DEFAULT_PART_BYTES = 10 << 20
const DEFAULT_IN_FLIGHT_BYTES = 64 << 20

/** Where the files of one writer go, and what it takes to make them appear there. */
export interface WriterOutput {
  /** Options of the native writer. */
  readonly native: NativeWriterOptions
  /** The error to tell the caller, with what only this side knows about it. */
  explain(error: unknown): unknown
  /** The native writer has published its files: make them appear where the caller wants them. */
  publish(): Promise<void>
  /** Let what is on its way fail at once: the writer is to be discarded. */
  cancel(): void
  /** The native writer was aborted: leave nothing behind. Never rejects; idempotent. */
  discard(): Promise<void>
}

/** What an output is made from. */
export interface OutputRequest {
  native: NativeWriterOptions
  storage: StorageConfig | undefined
  /** Directory where files wait for their upload. */
  spool: string | undefined
  signal: AbortSignal | undefined
}

/** On the local disk, which the native writer looks after alone. */
class LocalOutput implements WriterOutput {
  readonly native: NativeWriterOptions

  constructor(native: NativeWriterOptions) {
    this.native = native
  }

  explain(error: unknown): unknown {
    return error
  }

  async publish(): Promise<void> {}

  cancel(): void {}

  async discard(): Promise<void> {}
}

/** In an object store: parts are sent while the native writer encodes, through a handler. */
class RemoteOutput implements WriterOutput {
  readonly native: NativeWriterOptions
  readonly #handler: UploadHandler

  constructor(native: NativeWriterOptions, handler: UploadHandler) {
    this.native = { ...native, uploader: handler.handle }
    this.#handler = handler
  }

  explain(error: unknown): unknown {
    return this.#handler.explain(error)
  }

  async publish(): Promise<void> {
    this.#handler.finished()
  }

  cancel(): void {
    this.#handler.cancel()
  }

  discard(): Promise<void> {
    return this.#handler.discard()
  }
}

/** In an object store, by way of the local disk. */
class SpooledOutput implements WriterOutput {
  readonly native: NativeWriterOptions
  readonly #files: SpooledFiles
  readonly #keys: RemoteKeys
  readonly #paths: ReadonlyMap<string, string>

  constructor(
    native: NativeWriterOptions,
    files: SpooledFiles,
    { keys, paths }: Pick<UploadHandlerOptions, 'keys' | 'paths'>,
  ) {
    const { locals } = files
    const groups = native.groups.map((group, index) => ({ ...group, path: locals[index]! }))
    this.native = { ...native, groups, storage: { storageType: 'local' } }
    this.#files = files
    this.#keys = keys
    this.#paths = paths
  }

  /** Errors of the local disk keep the path of the spool. */
  explain(error: unknown): unknown {
    const path = isPackedError(error) ? this.#paths.get(error.path ?? '') : undefined
    return path === undefined ? error : this.#keys.named(error, path)
  }

  publish(): Promise<void> {
    return this.#files.publish()
  }

  cancel(): void {}

  discard(): Promise<void> {
    return this.#files.discard()
  }
}

/**
 * The output of a writer that is about to be opened.
 *
 * @throws PackedError AlreadyExists (an object stands at a path and is to be kept),
 *   PermissionDenied, Network, Timeout, and what `openObjectStore` throws.
 */
export async function openWriterOutput(request: OutputRequest): Promise<WriterOutput> {
  const { native, storage, spool, signal } = request
  if (native.storage.storageType === 'local') return new LocalOutput(native)
  const keys = new RemoteKeys(storage?.rootPath ?? '')
  const paths = new Map(native.groups.map(({ path }) => [keys.whole(path), path]))
  const store = await openObjectStore(storage ?? {})
  if (!native.replace) await expectAbsent(store, { keys, paths }, signal)
  signal?.throwIfAborted()
  if (spool !== undefined) {
    const { multipartPartBytes, uploadBytesInFlight } = native.storage
    const files = await SpooledFiles.create({
      store,
      spool,
      paths,
      ifAbsent: !native.replace,
      partBytes: Number(multipartPartBytes ?? DEFAULT_PART_BYTES),
      inFlightBytes: Number(uploadBytesInFlight ?? DEFAULT_IN_FLIGHT_BYTES),
      fsync: native.fsync,
      signal,
    })
    return new SpooledOutput(native, files, { keys, paths })
  }
  return new RemoteOutput(native, new UploadHandler({ store, keys, paths }))
}

/** Say early what publishing would say late; it asks the store again, in the same step. */
async function expectAbsent(
  store: ObjectStore,
  { keys, paths }: Pick<UploadHandlerOptions, 'keys' | 'paths'>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const heads = [...paths].map(async ([key, path]) => {
    if (!(await stands(store, key, signal))) return
    const message = `Expected no object at "${path}" but received one that exists`
    throw new PackedError('AlreadyExists', message, { path })
  })
  await Promise.all(heads).catch((error: unknown) => {
    throw keys.named(error, ...paths.values())
  })
}

async function stands(
  store: ObjectStore,
  key: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    await store.head(key, { signal })
    return true
  } catch (error) {
    if (isPackedError(error) && error.code === 'NotFound') return false
    throw error
  }
}
