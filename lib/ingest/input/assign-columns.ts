import { nearestName } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import {
  allFields,
  type CollectionSchema,
  type FieldSchema,
  withSystemFields,
} from '../../schema/index.js'

/** Columns of an input by name: the field that each feeds, null to leave it out. */
export type ColumnMap = Readonly<Record<string, string | null>>

/** What becomes of a column; no entry: it is left out. */
export type Target = FieldSchema | 'dynamic'

/** The fields that rows bring: all but a primary key that the worker makes. */
export function givenFields(schema: CollectionSchema): FieldSchema[] {
  return allFields(schema).filter(({ isPrimaryKey, autoId }) => !(isPrimaryKey && autoId))
}

/** A collection of the fields that rows bring, for their checks. */
export function givenSchema(schema: CollectionSchema): CollectionSchema {
  const fields = schema.fields.filter((field) => givenFields(schema).includes(field))
  return Object.freeze({ ...schema, fields: Object.freeze(fields) })
}

/** The field for the keys that are no fields, where the collection takes such. */
export function dynamicField(schema: CollectionSchema): FieldSchema | undefined {
  return schema.enableDynamicField ? schema.fields.find(({ isDynamic }) => isDynamic) : undefined
}

/**
 * Which column feeds which field: by `map`, else by name. System fields are left out, as they are
 * given by the worker.
 *
 * @throws PackedError InvalidSchema for a column that is no field, for a field that two columns
 *   feed, and for one that needs a column and has none; InvalidArgument for a `map` of what is
 *   not there.
 */
export function assignColumns(
  schema: CollectionSchema,
  columns: readonly string[],
  map: ColumnMap = {},
): Map<string, Target> {
  const stranger = Object.keys(map).find((column) => !columns.includes(column))
  if (stranger !== undefined) {
    throw new PackedError(
      'InvalidArgument',
      `Expected a column of the input for map but received "${stranger}"${hint(stranger, columns)}`,
    )
  }
  const targets = new Map<string, Target>()
  for (const column of columns) {
    const target = targetOf(schema, column, map)
    if (target !== undefined) targets.set(column, target)
  }
  expectEachOnce(schema, targets)
  return targets
}

/** Where values of a column or key go; undefined: nowhere. @throws PackedError InvalidSchema. */
export function targetOf(
  schema: CollectionSchema,
  column: string,
  map: ColumnMap,
): Target | undefined {
  const chosen = Object.hasOwn(map, column) ? map[column] : column
  if (chosen === null) return undefined
  const fields = givenFields(schema)
  const field = fields.find(({ name }) => name === chosen)
  if (field !== undefined) return field
  if (isSystemField(chosen!)) return undefined
  if (chosen === column && dynamicField(schema) !== undefined) return 'dynamic'
  const generated = allFields(schema).some(({ name }) => name === chosen)
  const received = generated ? `"${column}" for a key that is generated` : `"${column}"`
  const names = fields.map(({ name }) => name)
  throw new PackedError(
    'InvalidSchema',
    `Expected columns for fields of collection "${schema.name}" but received ${received}` +
      hint(column, names),
    { field: column },
  )
}

function isSystemField(column: string): boolean {
  const system = withSystemFields({ fields: [], structArrayFields: [] } as never)
  return system.fields.some(({ name }) => name === column)
}

function hint(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  return nearest === undefined ? '' : `. Did you mean "${nearest}"?`
}

function expectEachOnce(schema: CollectionSchema, targets: ReadonlyMap<string, Target>): void {
  const dynamic = dynamicField(schema)
  for (const field of givenFields(schema)) {
    const feeding = [...targets].filter(
      ([, target]) => target === field || (target === 'dynamic' && field === dynamic),
    )
    const whole = feeding.filter(([, target]) => target === field)
    if (whole.length > 1 || (whole.length === 1 && feeding.length > 1)) {
      const names = feeding.map(([column]) => `"${column}"`).join(' and ')
      throw schemaError(`one column for field "${field.name}"`, names, field)
    }
    const canMiss = field.nullable || field.defaultValue !== undefined || field.isDynamic
    if (feeding.length === 0 && !canMiss) {
      throw schemaError(`a column for field "${field.name}"`, 'an input without one', field)
    }
  }
}

function schemaError(expected: string, received: string, { name }: FieldSchema): PackedError {
  const message = `Expected ${expected} but received ${received}`
  return new PackedError('InvalidSchema', message, { field: name })
}
