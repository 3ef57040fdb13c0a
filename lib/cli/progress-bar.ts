/** Drawing takes time of the thread that the work needs, too. */
const DRAWN_PER_SECOND = 4

/** How far something is: `done` of `total`, and what is said of it. */
export interface Advance {
  done: number
  total: number
  text: string
}

/** A line on the terminal of standard error that says how far something is; nothing without one. */
export async function progressBar<Progress>(
  first: string,
  describe: (progress: Progress) => Advance,
): Promise<{ update(progress: Progress): void; end(): void }> {
  if (!process.stderr.isTTY) return { update: () => {}, end: () => {} }
  const { SingleBar } = await import('cli-progress')
  const bar = new SingleBar({
    format: '{bar} {text}',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    fps: DRAWN_PER_SECOND,
    // The command answers signals itself.
    gracefulExit: false,
  })
  bar.start(1, 0, { text: first })
  return {
    update: (progress) => {
      const { done, total, text } = describe(progress)
      bar.setTotal(Math.max(1, total))
      bar.update(done, { text })
    },
    end: () => bar.stop(),
  }
}
