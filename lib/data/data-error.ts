import { describeValue } from '../config/index.js'
import { isPackedError, PackedError, type PackedErrorCode } from '../errors/index.js'

/**
 * The error for a value that a column cannot hold.
 *
 * @param row position that the value would have had in its column.
 * @param code TypeMismatch for another kind of value, InvalidData for one out of range.
 */
export function badValue(
  field: string,
  row: number,
  expected: string,
  value: unknown,
  code: PackedErrorCode = 'TypeMismatch',
): PackedError {
  return badRow(field, row, expected, describeValue(value), code)
}

/** {@link badValue} where more is to be said of the value than what it is. */
export function badRow(
  field: string,
  row: number,
  expected: string,
  received: string,
  code: PackedErrorCode = 'InvalidData',
): PackedError {
  return new PackedError(
    code,
    `Expected ${expected} for field "${field}" in row ${row} but received ${received}`,
    { field },
  )
}

/** Makes the error for a value of the right kind that the type cannot hold (InvalidData). */
export type Refuse = (expected: string, received: string) => Error

/** The error for a column as a whole. */
export function badColumn(
  field: string,
  expected: string,
  received: string,
  code: PackedErrorCode = 'InvalidData',
): PackedError {
  return new PackedError(
    code,
    `Expected ${expected} for field "${field}" but received ${received}`,
    { field },
  )
}

/** An error of something that knows neither field nor row, with both. */
export function located(error: unknown, field: string, row: number): unknown {
  if (!isPackedError(error) || error.field !== undefined) return error
  const message = `${error.message} (field "${field}", row ${row})`
  return new PackedError(error.code, message, { field, cause: error })
}
