import { type ItemSource, nextUnless } from './item-source.js'
import type { WriterLife } from './writer-life.js'

/**
 * Write what a source yields, one item at a time: the next one is asked for when the one before is
 * written. A source that fails fails the writer; it is stopped where the writer ends before it.
 *
 * @throws what the source and `write` throw.
 */
export async function writeItems(
  items: ItemSource,
  life: WriterLife,
  write: (item: unknown) => Promise<void>,
): Promise<void> {
  try {
    for (let next = await nextOf(items, life); !next.done; next = await nextOf(items, life)) {
      await write(next.value)
    }
  } catch (error) {
    const stopped = items.stop(error).catch(() => {})
    // One that hangs has no say in when the writer ends.
    if (!life.ended.aborted) await stopped
    throw error
  }
}

/** The next item; a failure of the source becomes that of the writer. */
async function nextOf(
  items: ItemSource,
  life: WriterLife,
): Promise<IteratorResult<unknown, unknown>> {
  try {
    return await nextUnless(life.ended, items)
  } catch (error) {
    return await life.run('writeAll', () => Promise.reject(error))
  }
}
