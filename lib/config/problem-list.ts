import { PackedError } from '../errors/index.js'
import { describeValue } from './expect.js'

/** One thing that is not as something else says. */
export interface Problem {
  /** The file it is about; undefined where several only disagree together. */
  path: string | undefined
  /** Name or id of the field or group it is about. */
  field: string | undefined
  /** What was checked: `entries`, `timestampFrom`, `bloomFilter`, … */
  rule: string
  expected: string
  received: string
}

/** Where a check was made. */
export interface ProblemPlace {
  path?: string | undefined
  field?: string | bigint | undefined
}

/** Collects what the checks of a segment, or of a manifest, find. */
export class ProblemList {
  readonly problems: Problem[] = []

  add(rule: string, place: ProblemPlace, expected: unknown, received: unknown): void {
    const { path, field } = place
    this.problems.push({
      path,
      field: field === undefined ? undefined : String(field),
      rule,
      expected: textOf(expected),
      received: textOf(received),
    })
  }

  /** A problem unless both are the same number, text or the like. */
  equal(rule: string, place: ProblemPlace, expected: unknown, received: unknown): void {
    if (expected !== received) this.add(rule, place, expected, received)
  }

  /**
   * Run a check that reads a file; what it throws is a problem of that file. Aborts and errors
   * that are no PackedError are thrown on.
   */
  async attempt(
    rule: string,
    place: ProblemPlace,
    signal: AbortSignal | undefined,
    check: () => Promise<void>,
  ): Promise<boolean> {
    try {
      await check()
      return true
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof PackedError)) throw error
      const where = { path: error.path ?? place.path, field: error.field ?? place.field }
      this.add(rule, where, 'a file that can be read', `${error.code}: ${error.message}`)
      return false
    }
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  return describeValue(value)
}
