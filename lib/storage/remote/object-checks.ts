import { isPackedError, PackedError } from '../../errors/index.js'
import type { ChunkEntry, ChunkOptions } from '../chunk-manager.js'
import { tooShort } from '../local/files.js'
import type { ObjectStore } from '../object-store.js'

/** What is at a key, undefined where nothing is. */
export async function findObject(
  store: ObjectStore,
  key: string,
  options: ChunkOptions,
): Promise<ChunkEntry | undefined> {
  try {
    return await store.head(key, options)
  } catch (error) {
    if (isPackedError(error) && error.code === 'NotFound') return undefined
    throw error
  }
}

/** @throws PackedError AlreadyExists. Early: the condition of the last request is what counts. */
export async function refuseObject(
  store: ObjectStore,
  key: string,
  options: ChunkOptions,
): Promise<void> {
  if ((await findObject(store, key, options)) === undefined) return
  const message = `Expected no object at "${key}" but received one that exists`
  throw new PackedError('AlreadyExists', message, { path: key })
}

/** @throws PackedError NotSupported where a store takes conditions and does not keep them. */
export async function expectConditions(
  store: ObjectStore,
  key: string,
  options: ChunkOptions,
): Promise<void> {
  if (await store.conditionalWrites(options)) return
  const message =
    `Expected a store with conditional writes for ifAbsent of "${key}" but ${store.name} ` +
    'ignores conditions'
  throw new PackedError('NotSupported', message, { path: key })
}

/** @throws PackedError NotFound, InvalidArgument where an object ends before a range does. */
export async function expectRangeThere(
  store: ObjectStore,
  key: string,
  range: { offset: number; length: number },
  options: ChunkOptions,
): Promise<void> {
  const { sizeBytes } = await store.head(key, options)
  if (range.offset + range.length > sizeBytes) throw tooShort(key, range, sizeBytes)
}
