import { follow } from '../../storage/index.js'

/** The outcome of a promise, unless the signal is aborted first: then its reason is thrown. */
export async function whenDone<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
  let unfollow = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    unfollow = follow(signal, reject)
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    unfollow()
  }
}
