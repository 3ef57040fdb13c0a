import type { CompactionProgress } from '../sync/index.js'
import { formatCount } from './table.js'

/** A line on the terminal of standard error that says how far a compaction is; else nothing. */
export async function compactionProgress(): Promise<{
  update(progress: CompactionProgress): void
  end(): void
}> {
  if (!process.stderr.isTTY) return { update: () => {}, end: () => {} }
  const { SingleBar } = await import('cli-progress')
  const bar = new SingleBar({
    format: '{bar} {text}',
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    // The command answers signals itself.
    gracefulExit: false,
  })
  bar.start(1, 0, { text: 'looking for segments' })
  return {
    update: (progress) => {
      bar.setTotal(Math.max(1, progress.rows))
      bar.update(progress.rowsWritten, { text: progressText(progress) })
    },
    end: () => bar.stop(),
  }
}

export function progressText({
  phase,
  group,
  groups,
  rows,
  rowsWritten,
}: CompactionProgress): string {
  const of = groups === 1 ? '' : `partition ${group + 1} of ${groups} | `
  return `${of}${phase} | ${formatCount(rowsWritten)} of ${formatCount(rows)} rows`
}
