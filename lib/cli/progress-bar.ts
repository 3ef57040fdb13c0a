import { formatCount } from './table.js'

/** Drawing takes time of the thread that the work needs, too. */
const DRAWN_PER_SECOND = 4

/** How far something is: `done` of `total`, and what is said of it. */
export interface Advance {
  done: number
  /** Undefined where nobody knows: then there is only the text. */
  total: number | undefined
  text: string
}

/** A line on the terminal, or nothing where there is none. */
export interface Progress<State> {
  update(state: State): void
  /** Take the line away. Idempotent. */
  end(): void
}

/** A line on the terminal of standard error that says how far something is; nothing without one. */
export async function progressBar<State>(
  first: string,
  describe: (state: State) => Advance,
): Promise<Progress<State>> {
  if (!process.stderr.isTTY) return { update: () => {}, end: () => {} }
  const { Format, SingleBar } = await import('cli-progress')
  let isCounted = false
  const bar = new SingleBar({
    format: (options, params, { text }) => {
      if (!isCounted) return text
      return `${Format.BarFormat(params.progress, options)} ${text}`
    },
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
    fps: DRAWN_PER_SECOND,
    // The command answers signals itself.
    gracefulExit: false,
  })
  bar.start(1, 0, { text: first })
  let isOver = false
  return {
    update: (state) => {
      if (isOver) return
      const { done, total, text } = describe(state)
      isCounted = total !== undefined
      bar.setTotal(Math.max(1, total ?? 1))
      bar.update(isCounted ? done : 0, { text })
    },
    end: () => {
      if (isOver) return
      isOver = true
      bar.stop()
    },
  }
}

/** Rows that are through, of how many where that is known. */
export interface RowsDone {
  rows: number
  totalRows?: number | undefined
}

/** `4,096 of 8,000 rows`, with what is said in front of it. */
export function rowsAdvance(what: string, { rows, totalRows }: RowsDone): Advance {
  const of = totalRows === undefined ? '' : ` of ${formatCount(totalRows)}`
  return { done: rows, total: totalRows, text: `${what}${formatCount(rows)}${of} rows` }
}

/** Work on rows under a line of progress, which goes away when it ends. */
export async function withRows<T>(
  what: string,
  work: (onProgress: (done: RowsDone) => void) => Promise<T>,
): Promise<T> {
  const progress = await progressBar<RowsDone>(`${what}0 rows`, (done) => rowsAdvance(what, done))
  try {
    return await work(progress.update)
  } finally {
    progress.end()
  }
}
