import { type DataType, type FixedSizeBinary, type FixedSizeList, Type } from 'apache-arrow'

/** What the elements of a dense vector are; `bfloat16` has no Arrow type of its own. */
export type VectorElement = 'float32' | 'float16' | 'bfloat16' | 'int8' | 'uint8'

/** Bytes of one element. */
export const ELEMENT_BYTES: Readonly<Record<VectorElement, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int8: 1,
  uint8: 1,
}

/** The parts of Arrow's number types that tell them apart; `typeId` alone does not. */
interface NumberType {
  precision?: number
  bitWidth?: number
  isSigned?: boolean
}

/** The element of a vector column whose lists hold `type`, undefined when it is no such type. */
export function elementOf(type: DataType): VectorElement | undefined {
  const { precision, bitWidth, isSigned } = type as NumberType
  if (type.typeId === Type.Float && precision === 1) return 'float32'
  if (type.typeId === Type.Float && precision === 0) return 'float16'
  if (type.typeId === Type.Int && bitWidth === 8) return isSigned ? 'int8' : 'uint8'
  return undefined
}

export function isFixedSizeBinary(type: DataType): type is FixedSizeBinary {
  return type.typeId === Type.FixedSizeBinary
}

export function isFixedSizeList(type: DataType): type is FixedSizeList {
  return type.typeId === Type.FixedSizeList
}

/**
 * True for the types that Milvus keeps vectors in: FixedSizeBinary, FixedSizeList of numbers,
 * List of FixedSizeBinary (ArrayOfVector).
 */
export function isVectorType(type: DataType): boolean {
  if (isFixedSizeBinary(type)) return true
  const element = type.children?.[0]?.type
  if (element === undefined) return false
  if (isFixedSizeList(type)) return elementOf(element) !== undefined
  return type.typeId === Type.List && isFixedSizeBinary(element)
}
