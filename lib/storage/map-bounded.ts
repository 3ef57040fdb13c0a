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
