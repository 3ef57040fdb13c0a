import { Binary, FixedSizeBinary } from 'apache-arrow'
import { arrowTypeOf, DataType, type FieldSchema, isDenseVector } from '../schema/index.js'
import { BoolData } from './bool-data.js'
import { byteCodecOf } from './byte-codec.js'
import { DenseVectorData } from './dense-vector-data.js'
import type { FieldData } from './field-data.js'
import { FixedWidthData } from './fixed-width-data.js'
import { FIXED_WIDTH_KINDS } from './fixed-width-kinds.js'
import type { AllocateBytes } from './growing-array.js'
import { VariableData } from './variable-data.js'
import { VectorArrayData } from './vector-array-data.js'
import { VectorCodec } from './vector-codec.js'

/**
 * An empty column for a field.
 *
 * @param allocate memory for the bytes of vectors, texts and binaries.
 * @throws PackedError UnsupportedType for types that are no columns, InvalidSchema for a vector
 *   without dimension.
 */
export function createFieldData(field: FieldSchema, allocate?: AllocateBytes): FieldData {
  const type = arrowTypeOf(field)
  const kind = FIXED_WIDTH_KINDS.get(field.dataType)
  if (kind !== undefined) return new FixedWidthData(field, type, kind)
  if (field.dataType === DataType.Bool) return new BoolData(field, type)
  const codec = byteCodecOf(field)
  if (codec !== undefined) return new VariableData(field, type, codec, allocate)
  if (isDenseVector(field.dataType)) {
    return new DenseVectorData(field, type, new VectorCodec(field, field.dataType), allocate)
  }
  return vectorArrayData(field)
}

function vectorArrayData(field: FieldSchema): FieldData {
  const { elementType, elementNullable } = field
  const element: FieldSchema = { ...field, dataType: elementType, nullable: elementNullable }
  const codec = new VectorCodec(field, elementType)
  const vectors = elementNullable
    ? new VariableData(element, new Binary(), byteCodecOf(element)!)
    : new DenseVectorData(element, new FixedSizeBinary(codec.widthBytes), codec)
  return new VectorArrayData(field, arrowTypeOf(field), codec, vectors)
}
