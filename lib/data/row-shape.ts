import { describeValue, nearestName } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { allFields, type CollectionSchema, type FieldSchema } from '../schema/index.js'
import { badRow, badValue } from './data-error.js'

/** A row as the caller gives it: field names to values. */
export type Row = Readonly<Record<string, unknown>>

/** A struct array in a row: an array of objects whose keys are names of sub-fields. */
interface Struct {
  readonly name: string
  /** Sub-fields by the key that objects have for them. */
  readonly keys: ReadonlyMap<string, string>
}

/**
 * What rows of a collection look like: which keys are fields, and what happens to the others.
 *
 * Sub-fields of a struct array may be given as columns by their own names, or all at once as an
 * array of objects by the name of the struct.
 */
export class RowShape {
  readonly #schema: CollectionSchema
  readonly #names: ReadonlySet<string>
  readonly #structs: ReadonlyMap<string, Struct>
  /** The field that takes unknown keys. */
  readonly dynamic: FieldSchema | undefined

  constructor(schema: CollectionSchema) {
    this.#schema = schema
    this.#names = new Set(allFields(schema).map(({ name }) => name))
    this.#structs = new Map(
      schema.structArrayFields.map((struct) => [struct.name, shapeOf(struct)]),
    )
    this.dynamic = schema.enableDynamicField
      ? schema.fields.find(({ isDynamic }) => isDynamic)
      : undefined
  }

  /**
   * The row with every key a field: struct arrays spread over their sub-fields, unknown keys
   * gathered in the dynamic field.
   *
   * @param row its number, for errors.
   * @throws PackedError InvalidData for an unknown key, TypeMismatch for what is no row.
   */
  normalize(value: unknown, row: number): Row {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new PackedError(
        'TypeMismatch',
        `Expected an object for row ${row} but received ${describeValue(value)}`,
      )
    }
    const given = value as Row
    const strangers = Object.keys(given).filter((key) => !this.#names.has(key))
    return strangers.length === 0 ? given : this.#spread(given, strangers, row)
  }

  /** The error for a key or column that is no field. */
  unknown(name: string, row?: number): PackedError {
    const nearest = nearestName(name, [...this.#names, ...this.#structs.keys()])
    const hint = nearest === undefined ? '' : `. Did you mean "${nearest}"?`
    const place = row === undefined ? '' : ` in row ${row}`
    return new PackedError(
      'InvalidData',
      `Expected only fields of collection "${this.#schema.name}"${place} but received ` +
        `"${name}"${hint}`,
      { field: name },
    )
  }

  #spread(given: Row, strangers: readonly string[], row: number): Row {
    const fields: Record<string, unknown> = { ...given }
    const extra: Record<string, unknown> = {}
    for (const key of strangers) {
      delete fields[key]
      const struct = this.#structs.get(key)
      if (struct !== undefined) spreadStruct(struct, given[key], fields, row)
      else if (this.dynamic !== undefined) extra[key] = given[key]
      else throw this.unknown(key, row)
    }
    if (this.dynamic === undefined || Object.keys(extra).length === 0) return fields
    const { name } = this.dynamic
    const before = given[name]
    if (before !== undefined && (typeof before !== 'object' || ArrayBuffer.isView(before))) {
      const expected = `an object to put "${Object.keys(extra)[0]}" into`
      throw badValue(name, row, expected, before)
    }
    fields[name] = { ...before, ...extra }
    return fields
  }
}

/** Milvus names sub-fields `struct[sub]`; objects may use the short name. */
function shapeOf({ name, fields }: CollectionSchema['structArrayFields'][number]): Struct {
  const keys = new Map<string, string>()
  for (const field of fields) {
    keys.set(field.name, field.name)
    const prefix = `${name}[`
    if (field.name.startsWith(prefix) && field.name.endsWith(']')) {
      keys.set(field.name.slice(prefix.length, -1), field.name)
    }
  }
  return { name, keys }
}

function spreadStruct(
  { name, keys }: Struct,
  value: unknown,
  target: Record<string, unknown>,
  row: number,
): void {
  const subFields = new Set(keys.values())
  if (value === null || value === undefined) {
    for (const field of subFields) target[field] = value
    return
  }
  if (!Array.isArray(value)) throw badValue(name, row, 'an array of objects', value)
  for (const field of subFields) target[field] = []
  value.forEach((item: unknown, index) => {
    if (typeof item !== 'object' || item === null) {
      throw badValue(name, row, `an object as element ${index}`, item)
    }
    for (const key of Object.keys(item)) {
      if (!keys.has(key)) throw badRow(name, row, `a sub-field in element ${index}`, `"${key}"`)
    }
    for (const field of subFields) (target[field] as unknown[]).push(null)
    for (const [key, field] of keys) {
      if (Object.hasOwn(item, key)) (target[field] as unknown[])[index] = (item as Row)[key]
    }
  })
}
