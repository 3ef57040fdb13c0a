import { Field, Schema } from 'apache-arrow'
import { PackedError } from '../errors/index.js'

/** Key of the Arrow field metadata that carries the Parquet `field_id`. */
export const FIELD_ID_KEY = 'PARQUET:field_id'

/** First id that Milvus gives to a user's field; smaller ones are system fields. */
export const FIRST_USER_FIELD_ID = 100n

/** Parquet stores `field_id` as a signed 32-bit integer. */
export const LARGEST_FIELD_ID = 2n ** 31n - 1n

/** A schema whose every top-level field has an id, with the ids in field order. */
export interface IdentifiedSchema {
  schema: Schema
  ids: bigint[]
}

/**
 * The field id in a field's metadata, undefined when there is none.
 *
 * @throws PackedError InvalidSchema when the metadata holds something else than a decimal number.
 */
export function fieldIdOf(field: Field): bigint | undefined {
  const text = field.metadata.get(FIELD_ID_KEY)
  if (text === undefined) return undefined
  const id = /^\d{1,10}$/.test(text) ? BigInt(text) : undefined
  if (id !== undefined && id <= LARGEST_FIELD_ID) return id
  throw new PackedError(
    'InvalidSchema',
    `Expected a decimal number of 31 bits for ${FIELD_ID_KEY} of field "${field.name}" but ` +
      `received ${JSON.stringify(text)}`,
    { field: field.name },
  )
}

/**
 * Give every top-level field its id.
 *
 * With `auto`, fields without one get 100, 101, … (ids that other fields carry are left out);
 * fields that carry one keep it.
 *
 * @throws PackedError InvalidSchema for a missing or repeated id and for a repeated name.
 */
export function identifyFields(schema: Schema, auto: boolean): IdentifiedSchema {
  const given = schema.fields.map(fieldIdOf)
  refuseRepeatedNames(schema)
  refuseRepeatedIds(schema, given)
  const taken = new Set(given)
  let next = FIRST_USER_FIELD_ID
  const ids = given.map((id, index) => {
    if (id !== undefined) return id
    if (!auto) {
      const { name } = schema.fields[index]!
      throw new PackedError(
        'InvalidSchema',
        `Expected ${FIELD_ID_KEY} in the metadata of field "${name}" but received none; ` +
          `set it, or ask for fieldIds: 'auto'`,
        { field: name },
      )
    }
    while (taken.has(next)) next++
    return next++
  })
  return { schema: given.includes(undefined) ? withFieldIds(schema, ids) : schema, ids }
}

/** The same schema with `ids` in the metadata of its fields. */
function withFieldIds(schema: Schema, ids: readonly bigint[]): Schema {
  const fields = schema.fields.map((field, index) => {
    const metadata = new Map(field.metadata).set(FIELD_ID_KEY, String(ids[index]))
    return new Field(field.name, field.type, field.nullable, metadata)
  })
  return new Schema(fields, schema.metadata)
}

function refuseRepeatedNames(schema: Schema): void {
  const seen = new Set<string>()
  for (const { name } of schema.fields) {
    if (seen.has(name)) {
      const message = `Expected unique field names but received "${name}" twice`
      throw new PackedError('InvalidSchema', message, { field: name })
    }
    seen.add(name)
  }
}

function refuseRepeatedIds(schema: Schema, ids: readonly (bigint | undefined)[]): void {
  const owners = new Map<bigint, string>()
  ids.forEach((id, index) => {
    if (id === undefined) return
    const { name } = schema.fields[index]!
    const owner = owners.get(id)
    if (owner !== undefined) {
      throw new PackedError(
        'InvalidSchema',
        `Expected unique field ids but received ${id} for "${owner}" and for "${name}"`,
        { field: name },
      )
    }
    owners.set(id, name)
  })
}
