import { DeleteData } from '../../data/index.js'
import type { QuantizedField } from '../../packed/index.js'
import { decodingOf } from '../../segment/index.js'
import type { CompactSettings } from './compact-options.js'
import type { PlannedGroup, PlannedSegment } from './compaction-plan.js'
import { laterDeletes, quantizedIn } from './source-rows.js'

/** Segments whose rows may come together. */
export interface Bucket {
  readonly sources: readonly PlannedSegment[]
  /** Of the new segment's own log. */
  readonly deletes: DeleteData
  /** Fields whose rows are codes of vectors. */
  readonly quantized: readonly QuantizedField[]
}

/**
 * Deletes of a segment's own log are of its rows alone: a segment that has some after the read
 * timestamp is not merged with others, whose rows they would hide. Nor are segments whose codes of
 * vectors are decoded in other ways: a file can say one.
 */
export async function bucketsOf(
  { sources }: PlannedGroup,
  settings: CompactSettings,
): Promise<Bucket[]> {
  const common = new Map<string, Bucket>()
  const alone: Bucket[] = []
  for (const source of sources) {
    const deletes = await laterDeletes(source, settings)
    const quantized = await quantizedIn(source.segment, settings)
    if (deletes.rowCount > 0) {
      alone.push({ sources: [source], deletes, quantized })
      continue
    }
    const key = quantized.map(decodingOf).sort().join()
    common.set(key, joined(common.get(key), { sources: [source], deletes, quantized }))
  }
  return [...common.values(), ...alone]
}

/** Two whose codes are decoded alike. */
function joined(left: Bucket | undefined, right: Bucket): Bucket {
  if (left === undefined) return right
  const quantized = left.quantized.map((field) => {
    const other = right.quantized.find(({ fieldId }) => fieldId === field.fieldId)!
    return { ...field, maxError: Math.max(field.maxError, other.maxError) }
  })
  return { sources: [...left.sources, ...right.sources], deletes: new DeleteData(), quantized }
}
