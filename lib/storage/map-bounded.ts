/**
 * Do a task for every item, at most `most` at a time; results in the order of the items.
 *
 * After a failure nothing more is begun, what runs is waited for, and the first failure is thrown.
 */
export async function mapBounded<Item, Result>(
  items: Iterable<Item>,
  most: number,
  task: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  const queue = [...items].entries()
  let failure: { error: unknown } | undefined
  const work = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failure !== undefined) return
      try {
        results[index] = await task(item)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: most }, work))
  if (failure !== undefined) throw failure.error
  return results
}

/**
 * Items in their order, each with what `read` makes of it, while the next ones are read already:
 * `most` at a time. Ending early waits for those.
 */
export async function* readAhead<Item, Result>(
  items: Iterable<Item>,
  most: number,
  read: (item: Item) => Promise<Result>,
): AsyncGenerator<{ item: Item; result: Promise<Result> }, void, undefined> {
  const started: { item: Item; result: Promise<Result> }[] = []
  try {
    for (const item of items) {
      const result = read(item)
      // Whoever takes the item sees its failure; until then it is nobody's.
      result.catch(() => {})
      started.push({ item, result })
      if (started.length >= most) yield started.shift()!
    }
    while (started.length > 0) yield started.shift()!
  } finally {
    await Promise.allSettled(started.map(({ result }) => result))
  }
}
