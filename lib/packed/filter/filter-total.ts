import type { FilterStats } from '../batch-stream.js'

/** A reader that can say it, or not. */
interface Counted {
  readonly filterStats?: FilterStats
}

/** The counts of readers that follow one another, as those of one. */
export class FilterTotal {
  #ended: FilterStats = {
    rowGroupsRead: 0,
    rowGroupsSkipped: 0,
    rowsRead: 0,
    rowsSkipped: 0,
    rowsFiltered: 0,
  }
  readonly #open = new Set<Counted>()

  /** Count a reader from now on. */
  add(reader: Counted): void {
    this.#open.add(reader)
  }

  /** Keep the counts of a reader that is closed, and let go of it. Idempotent. */
  end(reader: Counted): void {
    if (this.#open.delete(reader)) this.#ended = sum(this.#ended, reader.filterStats)
  }

  get counts(): FilterStats {
    return [...this.#open].reduce((total, reader) => sum(total, reader.filterStats), this.#ended)
  }
}

function sum(left: FilterStats, right: FilterStats | undefined): FilterStats {
  if (right === undefined) return left
  return {
    rowGroupsRead: left.rowGroupsRead + right.rowGroupsRead,
    rowGroupsSkipped: left.rowGroupsSkipped + right.rowGroupsSkipped,
    rowsRead: left.rowsRead + right.rowsRead,
    rowsSkipped: left.rowsSkipped + right.rowsSkipped,
    rowsFiltered: left.rowsFiltered + right.rowsFiltered,
  }
}
