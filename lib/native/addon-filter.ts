/**
 * A filter as the core takes it: columns by name, values already of the column's kind.
 *
 * SQL's logic of three values: a comparison with null is null, `and`, `or` and `not` are Kleene's,
 * and a row stays where the whole is true. Floats compare as IEEE 754 does: NaN equals nothing and
 * is in no order, `!=` with NaN is true, and -0 equals 0. Integers compare exactly.
 */
export type NativeFilter =
  | { op: 'and' | 'or'; args: NativeFilter[] } // at least one
  | { op: 'not'; arg: NativeFilter }
  | { op: '=' | '!=' | '<' | '<=' | '>' | '>='; column: string; value: NativeFilterValue }
  | { op: 'in'; column: string; values: NativeFilterValue[] } // of none: false, null for a null
  | { op: 'is null'; column: string }

/**
 * Of integers of every width, dates and times (in their own unit) a bigint; of floats a number; of
 * text a string; of booleans a boolean; of binary columns the bytes.
 */
export type NativeFilterValue = boolean | bigint | number | string | Uint8Array

/** What a filter spared and did so far. */
export interface NativeFilterStats {
  rowGroupsRead: number
  rowGroupsSkipped: number
  rowsRead: number
  /** Of skipped row groups. */
  rowsSkipped: number
  /** Read and left out. */
  rowsFiltered: number
}
