import { expectId, expectList, expectOneOf, expectOptions } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { CollectionSchema } from './collection-schema.js'
import {
  type FieldGroup,
  groupOf,
  type PlacedField,
  placedFields,
  sortedGroups,
} from './field-group.js'
import { splitLegacy } from './split-policies.js'

/** A group of a segment that has files already; without `fieldIds` in its first versions. */
export interface FrozenGroup {
  id: number | bigint
  fieldIds?: readonly (number | bigint)[] | undefined
  format?: string | undefined
}

/** What to do where a segment's groups and today's schema differ. */
export interface FrozenSplitOptions {
  /** Fields of a group that the schema no longer has: an error (default), or left out. */
  dropped?: 'error' | 'leaveOut' | undefined
  /** Fields of the schema in no group: an error (default), or into the group of this id. */
  added?: 'error' | { group: number | bigint } | undefined
}

/**
 * The groups of a segment once more, over the columns of today's schema.
 *
 * All files of a segment have the same groups, whatever its rows weigh by now. A split in which
 * any group lacks its fields (segments of 2.6.0) becomes the {@link splitLegacy} of the schema.
 *
 * @throws PackedError InvalidSchema naming a field that was dropped or added since (unless the
 *   options say what to do) or that is in two groups, InvalidArgument for a group that
 *   `added` names and the segment does not have.
 */
export function frozenSplit(
  split: readonly FrozenGroup[],
  schema: CollectionSchema,
  options: FrozenSplitOptions = {},
): FieldGroup[] {
  const { dropped = 'error', added = 'error' } = expectOptions(
    options,
    ['dropped', 'added'],
    'frozenSplit',
  )
  expectList(split, 'split')
  const leaveOut = expectOneOf(dropped, 'dropped', ['error', 'leaveOut']) === 'leaveOut'
  if (split.some(({ fieldIds = [] }) => fieldIds.length === 0)) return splitLegacy(schema)
  const free = new Map(placedFields(schema).map((placed) => [placed.field.fieldId, placed]))
  const known = new Set(free.keys())
  const members = split.map((group, index) => {
    const id = expectId(group.id, `groups[${index}].id`)
    const fields = (group.fieldIds ?? []).flatMap((value) => {
      const fieldId = expectId(value, `groups[${index}].fieldIds`)
      const field = free.get(fieldId)
      if (field === undefined && !known.has(fieldId) && leaveOut) return []
      if (field === undefined) throw notFree(fieldId, id, known.has(fieldId))
      free.delete(fieldId)
      return [field]
    })
    return { id, fields, format: group.format }
  })
  placeAdded(members, [...free.values()], added)
  const groups = members
    .filter(({ fields }) => fields.length > 0)
    .map(({ id, fields, format }) => ({
      ...groupOf(id, fields),
      ...(format === undefined || format === '' ? {} : { format }),
    }))
  return sortedGroups(groups)
}

function placeAdded(
  members: { id: bigint; fields: PlacedField[] }[],
  rest: readonly PlacedField[],
  added: 'error' | { group: number | bigint },
): void {
  const [first] = rest
  if (first === undefined) return
  if (added === 'error') {
    const { name, fieldId } = first.field
    throw new PackedError(
      'InvalidSchema',
      `Expected every field in a group of the segment but received "${name}" (id ${fieldId}) in ` +
        'none; say with `added` which group takes new fields',
      { field: name },
    )
  }
  const id = expectId(added.group, 'added.group')
  const target = members.find((group) => group.id === id)
  if (target === undefined) {
    const ids = members.map((group) => group.id).join(', ')
    throw new PackedError(
      'InvalidArgument',
      `Expected a group of the segment (${ids}) for added.group but received ${id}`,
    )
  }
  target.fields.push(...rest)
}

function notFree(fieldId: bigint, group: bigint, taken: boolean): PackedError {
  const message = taken
    ? `Expected every field in one group but received ${fieldId} again in group ${group}`
    : `Expected fields of the schema in group ${group} but received ${fieldId}, which it does ` +
      "not have; leave it out with `dropped: 'leaveOut'`"
  return new PackedError('InvalidSchema', message, { field: String(fieldId) })
}
