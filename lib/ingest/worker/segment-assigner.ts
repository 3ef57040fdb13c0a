/** A segment that rows go to, or that waits for those on their way. */
export interface AssignedSegment {
  readonly segmentId: bigint
  readonly partitionId: bigint
}

interface OpenSegment extends AssignedSegment {
  rows: number
  bytes: number
  /** Messages that are being logged. */
  underWay: number
  /** Gets no more messages. */
  isClosed: boolean
}

/** Options of {@link SegmentAssigner}. */
export interface SegmentAssignerOptions {
  readonly segmentRows: number
  readonly segmentBytes: number
  allocateId(): Promise<bigint>
  /** Called once for a closed segment, when all its messages are in the write buffer. */
  seal(segmentId: bigint): void
}

/**
 * Settles which segment the rows of a message go to, before the message is logged: one segment
 * per partition at a time, closed before a message would carry it over its bounds.
 *
 * A segment is never split over, so that one that is larger than the bounds by itself gets a
 * segment by itself. Calls come one after the other, from the accept lane.
 */
export class SegmentAssigner {
  readonly #options: SegmentAssignerOptions
  /** By partition. */
  readonly #current = new Map<bigint, OpenSegment>()

  constructor(options: SegmentAssignerOptions) {
    this.#options = options
  }

  /** A segment from before a restart that may take more. */
  restore(segment: AssignedSegment, rows: number, bytes: number): void {
    const open = { ...segment, rows, bytes, underWay: 0, isClosed: false }
    this.#current.set(segment.partitionId, open)
  }

  /** The segment for so many rows; tell what became of them with the result. */
  async assign(partitionId: bigint, rows: number, bytes: number): Promise<Assignment> {
    const before = this.#current.get(partitionId)
    if (before !== undefined && this.#isTooFull(before, rows, bytes)) this.#close(before)
    const segment = this.#current.get(partitionId) ?? (await this.#begin(partitionId))
    segment.rows += rows
    segment.bytes += bytes
    segment.underWay += 1
    const settle = (): void => {
      segment.underWay -= 1
      this.#sealIfDone(segment)
    }
    return {
      segmentId: segment.segmentId,
      buffered: settle,
      dropped: () => {
        segment.rows -= rows
        segment.bytes -= bytes
        settle()
      },
    }
  }

  /** Close every segment, so that later rows go to new ones. */
  closeAll(): void {
    for (const segment of [...this.#current.values()]) this.#close(segment)
  }

  #isTooFull(segment: OpenSegment, rows: number, bytes: number): boolean {
    const { segmentRows, segmentBytes } = this.#options
    if (segment.rows === 0) return false
    return segment.rows + rows > segmentRows || segment.bytes + bytes > segmentBytes
  }

  async #begin(partitionId: bigint): Promise<OpenSegment> {
    const segmentId = await this.#options.allocateId()
    const segment = {
      segmentId,
      partitionId,
      rows: 0,
      bytes: 0,
      underWay: 0,
      isClosed: false,
    }
    this.#current.set(partitionId, segment)
    return segment
  }

  #close(segment: OpenSegment): void {
    this.#current.delete(segment.partitionId)
    segment.isClosed = true
    this.#sealIfDone(segment)
  }

  /** Nothing has to be sealed of a segment that no row came to. */
  #sealIfDone({ isClosed, underWay, rows, segmentId }: OpenSegment): void {
    if (isClosed && underWay === 0 && rows > 0) this.#options.seal(segmentId)
  }
}

/** Where the rows of a message go; one of the two is to be called. */
export interface Assignment {
  readonly segmentId: bigint
  /** The rows are in the write buffer. */
  buffered(): void
  /** They never will be: the message was not accepted. */
  dropped(): void
}
