/**
 * A filter as the native core takes it: columns by name, values already of the column's kind.
 *
 * SQL's logic of three values: a comparison with null is null, `and`, `or` and `not` are Kleene's,
 * and a row stays where the whole is true. Floats compare as IEEE 754 does: NaN equals nothing and
 * is in no order, `!=` with NaN is true, and -0 equals 0.
 */
export type FilterNode =
  | { op: 'and' | 'or'; args: FilterNode[] } // at least one
  | { op: 'not'; arg: FilterNode }
  | { op: '=' | '!=' | '<' | '<=' | '>' | '>='; column: string; value: FilterValue }
  | { op: 'in'; column: string; values: FilterValue[] } // of none: false, null for a null
  | { op: 'is null'; column: string }

/**
 * Of integers of every width, dates and times (in their own unit) a bigint; of floats a number; of
 * text a string; of booleans a boolean; of binary columns the bytes.
 */
export type FilterValue = boolean | bigint | number | string | Uint8Array
