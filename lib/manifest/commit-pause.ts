import { setTimeout as sleep } from 'node:timers/promises'

/** Longest pause before the second attempt, and before any; at random below that. */
const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 500

/** Some time below a limit that doubles: of many that lost together not all try again together. */
export async function pause(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS)
  try {
    await sleep(Math.random() * longest, undefined, { signal })
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}
