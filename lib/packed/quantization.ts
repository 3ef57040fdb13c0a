import { expectObject } from '../config/index.js'
import { PackedError } from '../errors/index.js'

/** Footer key that says which columns are codes of vectors, and how they are decoded. */
export const QUANTIZATION_KEY = 'arrow-packed.quantization'

/** A field of codes of 8 bits, one for each number of a vector of float32. */
export interface QuantizedField {
  /** Of the codes. */
  fieldId: bigint
  name: string
  /** The vectors that the codes were made from, whether they are stored or not. */
  source: { fieldId: bigint; name: string }
  /** Numbers in one vector. */
  dim: number
  bits: 8
  /** What decodes a vector: a float32 of its own, or one for all. */
  scale: 'vector' | 'segment'
  /** With scale `'vector'`: the float32 field of the scales. */
  scaleFieldId?: bigint
  /** With scale `'segment'`: the scale, and the `maxAbs` that it was made from. */
  scaleValue?: number
  maxAbs?: number
  /** The largest difference of a number that was written and what it is decoded to. */
  maxError: number
}

/** What JSON.parse may give, to be looked at member by member. */
type Members = Partial<Record<string, unknown>>

/**
 * What the footer keys of a file say of its quantized vectors: `reader.metadata`, or `metadata` of
 * `inspectFile`. Every file of a writer says it of all of them.
 *
 * @returns nothing where there is no such key.
 * @throws PackedError MetadataCorrupted; NotSupported for a later version.
 */
export function quantizationOf(metadata: ReadonlyMap<string, string>): QuantizedField[] {
  expectObject(metadata, 'metadata')
  const text = metadata.get(QUANTIZATION_KEY)
  return text === undefined ? [] : parseQuantization(text)
}

/** @throws as `quantizationOf`. */
export function parseQuantization(text: string): QuantizedField[] {
  const description = membersOf(parse(text), 'the description')
  if (description.version !== 1) {
    const message = `Expected version 1 of the footer key ${QUANTIZATION_KEY} but received ${JSON.stringify(description.version)}`
    throw new PackedError('NotSupported', message)
  }
  if (!Array.isArray(description.fields)) throw corrupted('a list', 'fields')
  return description.fields.map(fieldOf)
}

/** The value of the footer key, as `SerializeQuantization` of the core has it. */
export function stringifyQuantization(fields: readonly QuantizedField[]): string {
  return JSON.stringify({
    version: 1,
    fields: fields.map(({ fieldId, name, source, dim, bits, scaleFieldId, ...rest }) => {
      const { scale, scaleValue, maxAbs, maxError } = rest
      return {
        ...{ fieldId: Number(fieldId), name },
        source: { fieldId: Number(source.fieldId), name: source.name },
        ...{ dim, bits, scale, scaleValue, maxAbs },
        scaleFieldId: scaleFieldId === undefined ? undefined : Number(scaleFieldId),
        maxError,
      }
    }),
  })
}

function fieldOf(value: unknown): QuantizedField {
  const field = membersOf(value, 'a field')
  const source = membersOf(field.source, 'source')
  const { scale } = field
  if (field.bits !== 8) {
    const message = `Expected codes of 8 bits but received ${JSON.stringify(field.bits)}`
    throw new PackedError('NotSupported', message)
  }
  if (scale !== 'vector' && scale !== 'segment') throw corrupted("'vector' or 'segment'", 'scale')
  return {
    fieldId: idOf(field, 'fieldId'),
    name: textOf(field, 'name'),
    source: { fieldId: idOf(source, 'fieldId'), name: textOf(source, 'name') },
    dim: numberOf(field, 'dim'),
    bits: 8,
    scale,
    ...(scale === 'vector'
      ? { scaleFieldId: idOf(field, 'scaleFieldId') }
      : { scaleValue: numberOf(field, 'scaleValue'), maxAbs: numberOf(field, 'maxAbs') }),
    maxError: numberOf(field, 'maxError'),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new PackedError(
      'MetadataCorrupted',
      `Expected JSON for the footer key ${QUANTIZATION_KEY} but received something else`,
      { cause },
    )
  }
}

function membersOf(value: unknown, name: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members
  throw corrupted('an object', name)
}

function numberOf(members: Members, name: string): number {
  const value = members[name]
  if (typeof value === 'number' && value >= 0) return value
  throw corrupted('a number from 0 on', name)
}

function idOf(members: Members, name: string): bigint {
  const value = numberOf(members, name)
  if (Number.isSafeInteger(value)) return BigInt(value)
  throw corrupted('an integer', name)
}

function textOf(members: Members, name: string): string {
  const value = members[name]
  if (typeof value === 'string') return value
  throw corrupted('a string', name)
}

function corrupted(expected: string, name: string): PackedError {
  return new PackedError(
    'MetadataCorrupted',
    `Expected ${expected} for ${name} of the footer key ${QUANTIZATION_KEY} but received something else`,
  )
}
