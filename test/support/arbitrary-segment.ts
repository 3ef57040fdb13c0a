/** Segments with a field of every data type, their deletes, and what is visible of them. */
import fc from 'fast-check'
import { InsertData } from '../../lib/data/index.js'
import {
  type CollectionSchema,
  createCollectionSchema,
  withSystemFields,
} from '../../lib/schema/index.js'
import { everyField, type Row, text } from './every-type.js'
import { deletes } from './segments.js'

/** A delete of the key of a row, or of a key that no row has. */
interface Deletion {
  row: number
  timestamp: number
}

export interface SegmentCase {
  /** With system fields. */
  schema: CollectionSchema
  storageVersion: 0 | 2
  /** Rows of every chunk. */
  chunks: Row[][]
  deletions: Deletion[]
  /** No bound where it is undefined. */
  readTimestamp: number | undefined
  batchRows: number
}

const TIMESTAMPS = fc.integer({ min: 1, max: 20 })

function withKey(textKeys: boolean, dim: number) {
  const { schema, row } = everyField(dim)
  const [, ...others] = schema.fields
  const key = textKeys
    ? ({ name: 'pk', dataType: 'VarChar', maxLength: 65535, isPrimaryKey: true } as const)
    : ({ name: 'pk', dataType: 'Int64', isPrimaryKey: true } as const)
  const fields = [{ ...key, fieldId: 100n }, ...others]
  const complete = withSystemFields(createCollectionSchema({ name: 'all', fields }))
  const system = fc.record({ RowID: fc.bigInt({ min: 0n, max: 99n }), Timestamp: TIMESTAMPS })
  // Few different keys, so that deletes meet several rows.
  const keys = textKeys
    ? fc.oneof(text, fc.constantFrom('a', 'b'))
    : fc.constantFrom(1n, 2n, -3n, 2n ** 63n - 1n)
  const whole = fc.tuple(system, row, keys).map(([{ RowID, Timestamp }, values, pk]) => ({
    ...{ RowID, Timestamp: BigInt(Timestamp) },
    ...values,
    pk,
  }))
  return { schema: complete, row: whole }
}

export const segmentCase: fc.Arbitrary<SegmentCase> = fc
  .tuple(fc.boolean(), fc.integer({ min: 1, max: 24 }))
  .chain(([textKeys, dim]) => {
    const { schema, row } = withKey(textKeys, dim)
    return fc.record({
      schema: fc.constant(schema),
      storageVersion: fc.constantFrom<0 | 2>(0, 2),
      chunks: fc.array(fc.array(row, { minLength: 1, maxLength: 5 }), {
        minLength: 1,
        maxLength: 3,
      }),
      deletions: fc.array(fc.record({ row: fc.nat(14), timestamp: TIMESTAMPS }), { maxLength: 6 }),
      readTimestamp: fc.option(TIMESTAMPS, { nil: undefined }),
      batchRows: fc.constantFrom(1, 2, 8192),
    })
  })

/** Chunks and deletes in the form that `writeSegment` takes. */
export function inputOf({ schema, chunks, deletions }: SegmentCase) {
  const rows = chunks.flat()
  const pairs = deletions.map(({ row, timestamp }): [bigint | string, number] => {
    const { pk } = rows[row % rows.length]!
    return [pk as bigint | string, timestamp]
  })
  return {
    data: chunks.map((chunk) => InsertData.fromRows(schema, chunk)),
    deletes: deletes(...pairs),
  }
}

/** The rows that are there by the definition, one by one. */
export function visibleRows({ chunks, deletions, readTimestamp }: SegmentCase): Row[] {
  const rows = chunks.flat()
  const bound = BigInt(readTimestamp ?? 1000)
  const isDeleted = ({ pk, Timestamp }: Row): boolean =>
    deletions.some(({ row, timestamp }) => {
      const at = BigInt(timestamp)
      return rows[row % rows.length]!.pk === pk && at <= bound && (Timestamp as bigint) < at
    })
  return rows.filter((row) => (row.Timestamp as bigint) <= bound && !isDeleted(row))
}
