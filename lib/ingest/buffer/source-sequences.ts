/** A message of a source in its channel. */
interface Entry {
  readonly messageId: bigint
  readonly source: string
  readonly sequence: bigint
}

/** Entries that are folded stay in the list until there are this many of them. */
const COMPACT_AFTER = 1024

/**
 * How far every source has come: now, and exactly up to a position.
 *
 * The second is what may be saved with a checkpoint: a restart replays what comes after it, and
 * must not take those messages for repeats.
 */
export class SourceSequences {
  readonly #last: Map<string, bigint>
  /** Up to the position that was folded last. */
  readonly #folded: Map<string, bigint>
  /** Messages after it, oldest first. */
  #entries: Entry[] = []
  #first = 0

  /** @param saved up to the checkpoint from which messages come. */
  constructor(saved: ReadonlyMap<string, bigint> = new Map()) {
    this.#last = new Map(saved)
    this.#folded = new Map(saved)
  }

  /** Of the last message of a source; undefined for an unknown one. */
  last(source: string): bigint | undefined {
    return this.#last.get(source)
  }

  /** True for a sequence that was there already, or one after it. */
  isRepeated(source: string, sequence: bigint): boolean {
    const last = this.#last.get(source)
    return last !== undefined && sequence <= last
  }

  /** Take in a message that is no repeat; positions ascend. */
  add(source: string, sequence: bigint, messageId: bigint): void {
    this.#last.set(source, sequence)
    this.#entries.push({ messageId, source, sequence })
  }

  /**
   * Last sequence of every source among the messages up to a position, which never goes back.
   *
   * @returns a map of the caller's own.
   */
  upTo(messageId: bigint): Map<string, bigint> {
    for (; this.#first < this.#entries.length; this.#first++) {
      const entry = this.#entries[this.#first]!
      if (entry.messageId > messageId) break
      this.#folded.set(entry.source, entry.sequence)
    }
    if (this.#first > COMPACT_AFTER) {
      this.#entries = this.#entries.slice(this.#first)
      this.#first = 0
    }
    return new Map(this.#folded)
  }

  /** Messages that were added and not folded yet. */
  get backlog(): number {
    return this.#entries.length - this.#first
  }
}
