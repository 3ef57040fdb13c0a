import { type DataType, Field, Schema } from 'apache-arrow'
import { flattenSchema } from '../cdata/index.js'
import type { NativeField } from '../native/index.js'

/**
 * True when two Arrow types have the same buffers with the same meaning. Names and flags of
 * child fields do not count: Parquet gives lists other names than Arrow does.
 */
export function sameType(left: DataType, right: DataType): boolean {
  if (left === right) return true
  return sameShape(flatten(left), flatten(right))
}

function flatten(type: DataType): NativeField {
  return flattenSchema(new Schema([new Field('', type, true)])).fields[0]!
}

function sameShape(left: NativeField, right: NativeField): boolean {
  if (left.format !== right.format || left.children.length !== right.children.length) return false
  if ((left.dictionary === null) !== (right.dictionary === null)) return false
  if (left.dictionary && right.dictionary && !sameShape(left.dictionary, right.dictionary)) {
    return false
  }
  return left.children.every((child, index) => sameShape(child, right.children[index]!))
}
