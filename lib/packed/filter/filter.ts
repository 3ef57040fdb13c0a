/** A column by its name or, as number or bigint, by its field id. */
export type FilterColumn = string | number | bigint

/**
 * A value to compare with. Integer columns take bigints and safe integers, and numbers with a
 * fraction or beyond 64 bits, which no row can equal; float columns numbers and bigints; text and
 * JSON columns strings; binary ones bytes. Dates and timestamps take a Date, ISO 8601 text or, as
 * a bigint, the count of the column's own unit; times `'HH:MM:SS.fff'`.
 */
export type FilterOperand = boolean | number | bigint | string | Date | Uint8Array

/** How a value of a column stands to the one given. */
export type FilterComparison = '=' | '!=' | '<' | '<=' | '>' | '>='

/** One condition on one column. */
export type FilterCondition =
  | readonly [column: FilterColumn, op: FilterComparison, value: FilterOperand]
  | readonly [column: FilterColumn, op: 'in' | 'not in', values: readonly FilterOperand[]]
  | readonly [column: FilterColumn, op: 'is null' | 'is not null']

/**
 * Which rows come out: a condition, a list of filters of which all hold, or an object that
 * combines filters. A row comes out where the whole is true.
 *
 * SQL's logic of three values: a condition on a null is null (but for `is null`), `not` of null is
 * null, `and` and `or` are Kleene's. Integers compare exactly, floats as IEEE 754 does (NaN equals
 * nothing and is in no order, -0 equals 0), text and bytes by their bytes.
 *
 * @example
 * [['price', '>=', 10], { or: [['lang', 'in', ['de', 'fr']], ['title', 'is null']] }]
 */
export type Filter =
  | FilterCondition
  | readonly Filter[]
  | { readonly and: readonly Filter[] }
  | { readonly or: readonly Filter[] }
  | { readonly not: Filter }

export const FILTER_COMPARISONS = ['=', '!=', '<', '<=', '>', '>='] as const
