import { describeValue } from '../config/index.js'
import { PackedError } from '../errors/index.js'

/** The error for a rule that a schema breaks: "Expected X for field "f" but received Z". */
export function schemaError(expected: string, field: string, received: unknown): PackedError {
  return new PackedError(
    'InvalidSchema',
    `Expected ${expected} for field "${field}" but received ${describeValue(received)}`,
    { field },
  )
}
