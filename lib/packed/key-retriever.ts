import { PackedError } from '../errors/index.js'
import { callAsync, type NativeKey, type NativeStorage } from '../native/index.js'
import { expectKey } from './encryption.js'

/**
 * Gives the key that belongs to key metadata, as the writer's `encryption` had both.
 *
 * Called once per distinct key metadata, before any file is opened; the metadata is empty for a
 * file that names no key. The answer is copied at once.
 */
export type KeyRetriever = (keyMetadata: Uint8Array) => Uint8Array | Promise<Uint8Array>

/** The files that are about to be opened, and who knows their keys. */
export interface KeyedFiles {
  storage: NativeStorage
  paths: string[]
  keyRetriever: KeyRetriever | undefined
  signal?: AbortSignal | undefined
}

/**
 * Call `open` with the keys of the files, which are wiped when it has settled. Without a
 * retriever there are none: encrypted files then fail by themselves.
 *
 * @throws PackedError Encryption (the retriever failed; its error is the `cause`),
 *   InvalidArgument (it answered something that is no key), NotFound, PermissionDenied,
 *   StorageIO, FileCorrupted. The signal's reason when it is aborted.
 */
export async function withKeys<T>(
  files: KeyedFiles,
  open: (keys: NativeKey[]) => Promise<T>,
): Promise<T> {
  const { keyRetriever } = files
  if (keyRetriever === undefined) return open([])
  const keys: NativeKey[] = []
  try {
    const wanted = await distinctMetadata(files)
    const asked = wanted.map(async ({ keyMetadata, path }) => {
      keys.push({ keyMetadata, key: await ask(keyRetriever, keyMetadata, path, files.signal) })
    })
    await untilAborted(Promise.all(asked), files.signal)
    return await open(keys)
  } finally {
    for (const { key } of keys) key.fill(0)
  }
}

/** Every key metadata once, with the first path that has it. */
async function distinctMetadata({
  storage,
  paths,
}: KeyedFiles): Promise<{ keyMetadata: Uint8Array; path: string }[]> {
  const found = await callAsync<(Uint8Array | null)[]>((addon, done) =>
    addon.readKeyMetadata(storage, paths, done),
  )
  const distinct = new Map<string, { keyMetadata: Uint8Array; path: string }>()
  for (const [index, keyMetadata] of found.entries()) {
    if (keyMetadata === null) continue
    const name = Buffer.from(keyMetadata).toString('latin1')
    if (!distinct.has(name)) distinct.set(name, { keyMetadata, path: paths[index]! })
  }
  return [...distinct.values()]
}

/** One answer, copied: the retriever may reuse its memory for the next one. */
async function ask(
  keyRetriever: KeyRetriever,
  keyMetadata: Uint8Array,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  let answer: unknown
  try {
    answer = await keyRetriever(keyMetadata.slice())
  } catch (cause) {
    signal?.throwIfAborted()
    throw new PackedError(
      'Encryption',
      `Expected a key from keyRetriever for ${path} but received an error`,
      { path, cause },
    )
  }
  return Uint8Array.from(expectKey(answer, `the answer of keyRetriever for ${path}`, path))
}

/** `promise`, or the signal's reason as soon as it is aborted. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    if (signal.aborted) abort()
  })
}
