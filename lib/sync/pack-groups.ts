import { PackedError } from '../errors/index.js'
import {
  type CollectionSchema,
  FIRST_USER_FIELD_ID,
  type FieldGroup,
  frozenSplit,
} from '../schema/index.js'

/**
 * The groups of a segment over the fields of a pack's schema, which may be older or newer than
 * the one that settled them: fields that it does not have are left out, new ones join the last
 * group of short fields. The segment keeps its number of groups, as all its chunks must have it.
 *
 * @throws PackedError InvalidSchema where a group is left without fields.
 */
export function groupsOver(split: readonly FieldGroup[], schema: CollectionSchema): FieldGroup[] {
  const short = split.filter(({ id }) => id < FIRST_USER_FIELD_ID)
  const target = short.at(-1) ?? split[0]
  const groups = frozenSplit(split, schema, {
    dropped: 'leaveOut',
    ...(target === undefined ? {} : { added: { group: target.id } }),
  })
  if (groups.length >= split.length) return groups
  const missing = split.find(({ id }) => groups.every((group) => group.id !== id))
  throw new PackedError(
    'InvalidSchema',
    `Expected a field of column group ${missing?.id} for schema "${schema.name}" but received none`,
  )
}
