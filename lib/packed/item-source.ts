import type { ReadableStream } from 'node:stream/web'
import { unexpected } from '../config/index.js'
import type { BatchInput } from './batch-input.js'

/** What `PackedWriter.writeAll` takes batches from. */
export type WriteSource =
  | Iterable<BatchInput | Promise<BatchInput>>
  | AsyncIterable<BatchInput>
  | ReadableStream<BatchInput>

/** Items that are asked for one by one, whatever they come from. */
export interface ItemSource {
  next(): Promise<IteratorResult<unknown, unknown>>
  /** No more of it: what it holds is given back, also while a `next` waits. */
  stop(reason: unknown): Promise<void>
}

/**
 * The items of an iterable, an async iterable (a Node Readable is one) or a WHATWG stream.
 *
 * @throws PackedError InvalidArgument for anything else; a stream that is locked says so itself.
 */
export function itemSourceOf(source: unknown, where: string): ItemSource {
  if (typeof source === 'object' && source !== null) {
    if ('getReader' in source) return streamItems(source as ReadableStream<unknown>)
    if (Symbol.asyncIterator in source) {
      return iteratedItems(source as AsyncIterable<unknown>)
    }
    if (Symbol.iterator in source) return iteratedItems(awaiting(source as Iterable<unknown>))
  }
  throw unexpected('batches, or an iterable or stream of them', where, source)
}

/** Waits for promises among the items, and hands `return` on. */
async function* awaiting(items: Iterable<unknown>): AsyncGenerator<unknown, void, undefined> {
  yield* items
}

/** Not by its iterator, whose `return` waits for the read before it. */
function streamItems(stream: ReadableStream<unknown>): ItemSource {
  const reader = stream.getReader()
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown, unknown>>,
    stop: (reason) => reader.cancel(reason),
  }
}

function iteratedItems(source: AsyncIterable<unknown>): ItemSource {
  const iterator = source[Symbol.asyncIterator]()
  return {
    next: () => iterator.next(),
    async stop() {
      // A Node stream that waits for data; `return` alone would wait with it.
      const { destroy } = source as { destroy?: unknown }
      if (typeof destroy === 'function') destroy.call(source)
      await iterator.return?.()
    },
  }
}

/** The next item, unless `ended` comes first: then it rejects with the signal's reason. */
export async function nextUnless(
  ended: AbortSignal,
  source: ItemSource,
): Promise<IteratorResult<unknown, unknown>> {
  ended.throwIfAborted()
  let stopWaiting = (): void => {}
  const end = new Promise<never>((_, reject) => {
    const listener = (): void => reject(ended.reason)
    ended.addEventListener('abort', listener, { once: true })
    stopWaiting = () => ended.removeEventListener('abort', listener)
  })
  try {
    return await Promise.race([source.next(), end])
  } finally {
    stopWaiting()
  }
}
