import { randomBytes } from 'node:crypto'
import { isPackedError } from '../errors/index.js'
import type { Uploader } from './uploader.js'

/** How a store refuses to create what is there. */
const REFUSALS: ReadonlySet<string> = new Set(['AlreadyExists', 'Conflict', 'PreconditionFailed'])

/**
 * Whether a store really keeps an object that a conditional write finds: two writers want one test
 * key below `rootPath`, which is removed again. Some stores accept the condition and ignore it, so
 * no name and no version tells.
 */
export async function probeConditionalWrites(store: Uploader, rootPath: string): Promise<boolean> {
  const name = `.arrow-packed-probe-${randomBytes(8).toString('hex')}`
  const key = rootPath === '' ? name : `${rootPath.replace(/\/+$/, '')}/${name}`
  const write = (text: string) => store.put(key, Buffer.from(text), { ifAbsent: true })
  try {
    await write('first')
    await write('second')
    return false
  } catch (error) {
    if (!isPackedError(error)) throw error
    // A store that does not know the condition at all refuses the first write as well.
    if (error.code === 'NotSupported') return false
    if (REFUSALS.has(error.code)) return true
    throw error
  } finally {
    await store.remove(key).catch(() => {})
  }
}
