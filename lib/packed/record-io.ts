import type { ArrowRecord } from '../schema/index.js'
import type { FilterStats } from './batch-stream.js'

/** Takes records until it is closed; shared by packed, V1 and manifest forms. */
export interface RecordWriter {
  /** @throws PackedError; a failed write ends the writer. */
  write(record: ArrowRecord): Promise<void>
  /** Decoded Arrow bytes written so far, by Milvus's formula. */
  getWrittenUncompressed(): number
  /** Publish; idempotent. After a failed write it removes what was made instead. */
  close(): Promise<void>
}

/** Gives records until null; shared by packed, V1 and manifest forms. */
export interface RecordReader {
  /** The next record, or null at the end, again and again. */
  next(): Promise<ArrowRecord | null>
  /** What was read so far, and what a filter has spared and left out; of readers that can say it. */
  readonly filterStats?: FilterStats
  /** Idempotent; records outlive their reader. */
  close(): Promise<void>
}
