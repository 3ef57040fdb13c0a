import { type Data, Type } from 'apache-arrow'
import { stringifyExact } from '../config/index.js'
import { serDeOf } from '../data/index.js'
import {
  allFields,
  arrowNameOf,
  type CollectionSchema,
  DataType,
  type FieldSchema,
  vectorWidthBytes,
  withSystemFields,
} from '../schema/index.js'
import { binaryVectorText, type CellText, cellText, type VectorText } from './cell-text.js'
import type { CellMaker } from './output-text.js'

/** What the numbers of a vector are printed as. */
const FORMS: Readonly<Partial<Record<DataType, VectorText>>> = {
  [DataType.FloatVector]: 'float32',
  [DataType.Float16Vector]: 'float16',
  [DataType.BFloat16Vector]: 'bfloat16',
  [DataType.Int8Vector]: 'int8',
}

/** Types whose bytes are printed as the value that they encode. */
const DECODED: readonly DataType[] = [DataType.JSON, DataType.Array, DataType.SparseFloatVector]

/** Columns of a collection as what they mean: vectors as numbers, JSON and arrays as JSON. */
export function milvusCells(schema: CollectionSchema): CellMaker {
  const fields = new Map(
    allFields(withSystemFields(schema)).map((field) => [arrowNameOf(field), field]),
  )
  return (name, data, nonFinite) => {
    const field = fields.get(name)
    const vectors = field === undefined ? 'base64' : (formOf(field) ?? 'base64')
    if (field !== undefined && (data.typeId as Type) === Type.Binary) {
      if (DECODED.includes(field.dataType)) return decodedText(field, data)
      const form = FORMS[field.dataType]
      if (form !== undefined) return binaryVectorText(data, vectorWidthBytes(field), form)
    }
    return cellText(data, { vectors, nonFinite })
  }
}

function formOf({ dataType, elementType }: FieldSchema): VectorText | undefined {
  return FORMS[dataType === DataType.ArrayOfVector ? elementType : dataType]
}

/** Bytes that do not decode (a guessed schema may be wrong) are base64. */
function decodedText(field: FieldSchema, data: Data): CellText {
  const serDe = serDeOf(field)
  const bytes = cellText(data, { vectors: 'base64', nonFinite: 'null' })
  const at = (row: number): string | undefined => {
    if (!data.getValid(row)) return undefined
    try {
      const value = serDe.deserialize(data, row)
      return stringifyExact(value instanceof Map ? Object.fromEntries(value) : value)
    } catch {
      return JSON.stringify(bytes.at(row))
    }
  }
  return { quoted: false, at }
}
