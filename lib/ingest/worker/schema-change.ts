import { PackedError } from '../../errors/index.js'
import {
  type ArrowRecord,
  allFields,
  type CollectionSchema,
  dataTypeName,
  type FieldSchema,
} from '../../schema/index.js'

/** What a field is: rows that were written with one are not rows of the other. */
function identityOf(field: FieldSchema): readonly (readonly [string, unknown])[] {
  const { dim, ...rest } = field.typeParams
  return [
    ['name', field.name],
    ['type', dataTypeName(field.dataType)],
    ['element type', field.elementType],
    ['dim', dim],
    ['nullable', field.nullable],
    ['elementNullable', field.elementNullable],
    ['primary key', field.isPrimaryKey],
    ['autoId', field.isPrimaryKey && field.autoId],
    ['max_length', rest.max_length],
  ]
}

/**
 * Hold a schema against the one that a collection has.
 *
 * @throws PackedError InvalidSchema naming the first field that differs.
 */
export function expectSameSchema(known: CollectionSchema, given: CollectionSchema): void {
  const added = expectNewerSchema(known, given)[0]
  if (added !== undefined) throw differs(known, added.name, 'no such field', 'one')
}

/**
 * Hold a schema against an earlier one of the same collection: fields may be added that rows
 * without them can have, everything else stays.
 *
 * @returns the fields that were added.
 * @throws PackedError InvalidSchema naming the first field that may not be so.
 */
export function expectNewerSchema(
  known: CollectionSchema,
  given: CollectionSchema,
): readonly FieldSchema[] {
  const later = new Map(allFields(given).map((field) => [field.fieldId, field]))
  for (const field of allFields(known)) {
    const other = later.get(field.fieldId)
    if (other === undefined)
      throw differs(known, field.name, `id ${field.fieldId}`, 'no such field')
    const changed = identityOf(other)
    identityOf(field).forEach(([trait, value], index) => {
      const received = changed[index]![1]
      if (value !== received) throw differs(known, field.name, `${trait} ${value}`, `${received}`)
    })
    later.delete(field.fieldId)
  }
  for (const { name, nullable, defaultValue } of later.values()) {
    if (nullable || defaultValue !== undefined) continue
    throw differs(
      known,
      name,
      'an added field to be nullable or to have a default value',
      'neither',
    )
  }
  return [...later.values()]
}

/** The schema of a record that was written before fields were added. */
export function schemaOfRecord(schema: CollectionSchema, record: ArrowRecord): CollectionSchema {
  const has = ({ fieldId }: FieldSchema): boolean => record.column(fieldId) !== undefined
  if (allFields(schema).every(has)) return schema
  return Object.freeze({
    ...schema,
    fields: schema.fields.filter((field) => field.fieldId < 2n || has(field)),
    structArrayFields: schema.structArrayFields.filter(({ fields }) => fields.every(has)),
  })
}

function differs(
  { name: collection }: CollectionSchema,
  field: string,
  expected: string,
  received: string,
): PackedError {
  const message = `Expected ${expected} for field "${field}" of collection "${collection}" but received ${received}`
  return new PackedError('InvalidSchema', message, { field })
}
