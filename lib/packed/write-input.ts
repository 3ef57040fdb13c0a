import { flattenBatch } from '../cdata/index.js'
import {
  type CopiedBatchHandle,
  callSync,
  type FlatBatch,
  type WriterHandle,
} from '../native/index.js'
import type { BatchInput, BatchIntake } from './batch-input.js'

/** Whose input it is, and whether its memory is lent. */
interface InputWriter {
  native: WriterHandle
  intake: BatchIntake
  copy: boolean
}

/**
 * The flat batches of an input, when the write's turn has come. A copy is taken now: its caller
 * may change the batch while the write still waits behind others.
 */
export function takeInput(
  input: BatchInput,
  { native, intake, copy }: InputWriter,
): () => Iterable<FlatBatch | CopiedBatchHandle> {
  if (!copy) return () => flattened(input, intake)
  try {
    const copies = Array.from(flattened(input, intake), (flat) =>
      callSync((addon) => addon.writerCopy(native, flat)),
    )
    return () => copies
  } catch (error) {
    return () => {
      throw error
    }
  }
}

function* flattened(input: BatchInput, intake: BatchIntake): Generator<FlatBatch> {
  for (const batch of intake.batches(input)) yield flattenBatch(batch)
}
