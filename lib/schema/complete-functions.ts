import { expectId, expectKnownKeys, expectObject, expectText, unexpected } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { type FieldSchema, type FunctionSchema, FunctionType } from './collection-schema.js'
import type { FunctionInit } from './collection-schema-init.js'
import { paramsOf } from './type-params.js'

const FUNCTION_KEYS = [
  ...['name', 'id', 'description', 'type', 'inputFieldNames', 'inputFieldIds'],
  ...['outputFieldNames', 'outputFieldIds', 'params'],
]

/** First id that Milvus gives to a function. */
const FIRST_FUNCTION_ID = 100n

/** One end of a function, by names and by ids. */
interface FieldRefs {
  names: readonly string[]
  ids: readonly bigint[]
}

/**
 * Functions whose fields are known by name and by id.
 *
 * @throws PackedError InvalidSchema for a field that the collection does not have, a repeated
 *   name, and an unknown type.
 */
export function completeFunctions(
  inits: readonly FunctionInit[],
  fields: readonly FieldSchema[],
): readonly FunctionSchema[] {
  const seen = new Set<string>()
  const functions = inits.map((init, index) => {
    const complete = completeFunction(init, index, fields)
    if (seen.has(complete.name)) {
      throw broken(`unique function names but received "${complete.name}" twice`)
    }
    seen.add(complete.name)
    return complete
  })
  return Object.freeze(functions)
}

function completeFunction(
  init: FunctionInit,
  index: number,
  fields: readonly FieldSchema[],
): FunctionSchema {
  const path = `functions[${index}]`
  const given = expectObject(init, path)
  expectKnownKeys(given, FUNCTION_KEYS, path)
  const name = expectText(given.name, `${path}.name`)
  const inputs = fieldRefs(name, 'input', init.inputFieldNames, init.inputFieldIds, fields)
  const outputs = fieldRefs(name, 'output', init.outputFieldNames, init.outputFieldIds, fields)
  return Object.freeze({
    name,
    id: expectId(given.id ?? FIRST_FUNCTION_ID + BigInt(index), `${path}.id`),
    description: init.description ?? '',
    type: functionTypeOf(init.type, name),
    inputFieldNames: inputs.names,
    inputFieldIds: inputs.ids,
    outputFieldNames: outputs.names,
    outputFieldIds: outputs.ids,
    params: paramsOf(given.params, `${path}.params`),
  })
}

function functionTypeOf(value: FunctionInit['type'], name: string): FunctionType {
  const type = typeof value === 'string' ? FunctionType[value] : value
  if (Object.values(FunctionType).includes(type)) return type
  throw broken(`a function type of Milvus for function "${name}" but received ${String(value)}`)
}

/** Names from ids or ids from names; both are compared where both are given. */
function fieldRefs(
  owner: string,
  end: 'input' | 'output',
  names: readonly string[] = [],
  ids: readonly (number | bigint)[] = [],
  fields: readonly FieldSchema[],
): FieldRefs {
  if (!Array.isArray(names) || !Array.isArray(ids)) {
    throw unexpected('arrays', `${end}s of "${owner}"`, Array.isArray(names) ? ids : names)
  }
  const count = Math.max(names.length, ids.length)
  if (ids.length > 0 && names.length > 0 && ids.length !== names.length) {
    throw unexpected(`as many ids as names (${names.length})`, `${end}s of "${owner}"`, ids)
  }
  const found = Array.from({ length: count }, (_, index) => {
    const name = names[index]
    const id = ids[index] === undefined ? undefined : expectId(ids[index], `${end}s of "${owner}"`)
    const field = fields.find(
      (candidate) =>
        (name === undefined || candidate.name === name) &&
        (id === undefined || candidate.fieldId === id),
    )
    if (field !== undefined) return field
    const wanted = [name === undefined ? '' : `"${name}"`, id ?? '']
      .filter(String)
      .join(' with id ')
    throw new PackedError(
      'InvalidSchema',
      `Expected a field of the collection for the ${end} of function "${owner}" but received ` +
        wanted,
      { field: name },
    )
  })
  return {
    names: Object.freeze(found.map((field) => field.name)),
    ids: Object.freeze(found.map((field) => field.fieldId)),
  }
}

function broken(rule: string): PackedError {
  return new PackedError('InvalidSchema', `Expected ${rule}`)
}
