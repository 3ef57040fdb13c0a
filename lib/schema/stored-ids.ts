import { ROW_ID_FIELD } from './collection-schema.js'
import { SYSTEM_FIELD_NAMES } from './system-fields.js'

/**
 * A field id out of a message: there 0 is also what has never been set, so that it is an id for
 * RowID alone.
 */
export function idOrAbsent(fieldId: bigint | undefined, name: string): bigint | undefined {
  if (fieldId !== undefined && fieldId !== 0n) return fieldId
  return name === SYSTEM_FIELD_NAMES.get(ROW_ID_FIELD) ? ROW_ID_FIELD : undefined
}
