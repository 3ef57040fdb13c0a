import type { Field } from 'apache-arrow'
import { expectId, expectKnownKeys, expectObject, expectText, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { IdentifiedSchema } from './field-ids.js'
import { isVectorType } from './vector-type.js'

/** How fields are spread over files when the caller does not say it field by field. */
export type ColumnGroupPolicy = 'milvus' | 'perField' | 'single'

/** Every {@link ColumnGroupPolicy}. */
export const COLUMN_GROUP_POLICIES = ['milvus', 'perField', 'single'] as const

/** One file to write, as the caller asks for it. */
export interface ColumnGroupSpec {
  /** Group id; the group's position when absent. */
  id?: number | bigint
  path: string
  /** Its fields in file order, by name or by field id. */
  fields: readonly (string | number | bigint)[]
}

/** One column group, resolved. */
export interface ColumnGroup {
  id: bigint
  path: string
  /** Names in file order. */
  fields: string[]
  /** Field ids in file order. */
  fieldIds: bigint[]
  /** Positions in the schema, in file order. */
  columns: number[]
}

const SPEC_KEYS = ['id', 'path', 'fields'] as const

/**
 * Spread the fields of a schema over files by a policy; paths are `directory/<group id>`.
 *
 * * `'milvus'`: every vector in a file of its own whose group id is its field id, everything
 *   else in group 0 (Milvus's split by selected data types; its splits by primary key and by
 *   average size need a collection schema and statistics).
 * * `'perField'`: one file per field, group id = field id.
 * * `'single'`: one file, group 0.
 *
 * @param alsoVectors names of fields that become vectors by an option (List columns with `dim`).
 */
export function groupsByPolicy(
  { schema, ids }: IdentifiedSchema,
  policy: ColumnGroupPolicy,
  directory: string,
  alsoVectors: ReadonlySet<string> = new Set(),
): ColumnGroup[] {
  const standsAlone = (field: Field): boolean => {
    if (policy === 'single') return false
    return policy === 'perField' || isVectorType(field.type) || alsoVectors.has(field.name)
  }
  const shared: number[] = []
  const alone: number[] = []
  schema.fields.forEach((field, column) => {
    const columns = standsAlone(field) ? alone : shared
    columns.push(column)
  })
  const group = (id: bigint, columns: number[]): ColumnGroup => ({
    id,
    path: `${directory.replace(/\/+$/, '')}/${id}`,
    fields: columns.map((column) => schema.fields[column]!.name),
    fieldIds: columns.map((column) => ids[column]!),
    columns,
  })
  const groups = alone.map((column) => group(ids[column]!, [column]))
  if (shared.length > 0) groups.push(group(0n, shared))
  refuseRepeatedGroups(groups)
  return groups.sort((left, right) => (left.id < right.id ? -1 : 1))
}

/**
 * Resolve the groups that a caller spelled out.
 *
 * @throws PackedError InvalidArgument for an unknown field, a field in two groups or in none,
 *   a repeated group id or path, an empty group.
 */
export function groupsBySpec(
  { schema, ids }: IdentifiedSchema,
  specs: readonly unknown[],
): ColumnGroup[] {
  const owner = new Map<number, string>()
  const groups = specs.map((value, index) => {
    const name = `groups[${index}]`
    const spec = expectObject(value, name)
    expectKnownKeys(spec, SPEC_KEYS, name)
    const id = spec.id === undefined ? BigInt(index) : expectId(spec.id, `${name}.id`)
    const path = expectText(spec.path, `${name}.path`)
    if (!Array.isArray(spec.fields) || spec.fields.length === 0) {
      throw unexpected('a non-empty array of names or field ids', `${name}.fields`, spec.fields)
    }
    const columns = spec.fields.map((field, position) => {
      const column = findColumn({ schema, ids }, field, `${name}.fields[${position}]`)
      claim(owner, column, name, schema.fields[column]!.name)
      return column
    })
    const fields = columns.map((column) => schema.fields[column]!.name)
    return { id, path, fields, fieldIds: columns.map((column) => ids[column]!), columns }
  })
  refuseRepeatedGroups(groups)
  schema.fields.forEach((field, column) => {
    if (owner.has(column)) return
    const message = `Expected every field in a group but received "${field.name}" in none`
    throw new PackedError('InvalidArgument', message, { field: field.name })
  })
  return groups
}

/** Position of a field given by name or id. A string is always a name, `"100"` too. */
function findColumn({ schema, ids }: IdentifiedSchema, field: unknown, name: string): number {
  const column =
    typeof field === 'string'
      ? schema.fields.findIndex((candidate) => candidate.name === field)
      : ids.indexOf(expectId(field, name))
  if (column >= 0) return column
  throw unexpected('a name or field id of the schema', name, field)
}

function claim(owner: Map<number, string>, column: number, group: string, field: string): void {
  const before = owner.get(column)
  if (before !== undefined) {
    throw new PackedError(
      'InvalidArgument',
      `Expected every field in one group but received "${field}" in ${before} and in ${group}`,
      { field },
    )
  }
  owner.set(column, group)
}

function refuseRepeatedGroups(groups: readonly ColumnGroup[]): void {
  const seenIds = new Set<bigint>()
  const seenPaths = new Set<string>()
  for (const { id, path } of groups) {
    if (seenIds.has(id)) {
      throw new PackedError(
        'InvalidArgument',
        `Expected unique group ids but received ${id} twice`,
        { path },
      )
    }
    if (seenPaths.has(path)) {
      throw new PackedError(
        'InvalidArgument',
        `Expected unique group paths but received "${path}" twice`,
        { path },
      )
    }
    seenIds.add(id)
    seenPaths.add(path)
  }
}
