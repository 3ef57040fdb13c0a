/** `task`, run once however often it is asked for; after a failure the next call tries again. */
export function remember<T>(task: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined
  return () => {
    if (result === undefined) {
      result = task()
      result.catch(() => {
        result = undefined
      })
    }
    return result
  }
}
