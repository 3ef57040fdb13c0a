import type { TuneProgress } from '../../packed/index.js'

/** A line on the terminal of standard error that says how far the trials are; else nothing. */
export async function tuneProgress(): Promise<{
  update(progress: TuneProgress): void
  end(): void
}> {
  if (!process.stderr.isTTY) return { update: () => {}, end: () => {} }
  const { SingleBar } = await import('cli-progress')
  const bar = new SingleBar({
    format: '{bar} {text}',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // Drawing takes time of the thread that trials need, too.
    fps: 4,
    // The command answers signals itself.
    gracefulExit: false,
  })
  bar.start(1, 0, { text: 'reading the sample' })
  return {
    update: (progress) => {
      bar.setTotal(progress.total)
      bar.update(progress.done, { text: progressText(progress) })
    },
    end: () => bar.stop(),
  }
}

export function progressText({ done, total, next }: TuneProgress): string {
  return `${done} of ${total} trials${next === undefined ? '' : ` | ${next}`}`
}
