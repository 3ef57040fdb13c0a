import { createHash } from 'node:crypto'
import { type DataType, type RecordBatch, Type } from 'apache-arrow'

/** Payload of one value as fixtures/packed/expected.json defines it. */
function payload(type: DataType, value: unknown): Buffer {
  const { bitWidth, precision } = type as { bitWidth?: number; precision?: number }
  const buffer = Buffer.alloc(8)
  switch (type.typeId as Type) {
    case Type.Bool:
      return Buffer.of(value ? 1 : 0)
    case Type.Int:
      if (bitWidth === 64) buffer.writeBigInt64LE(value as bigint)
      else buffer.writeIntLE(value as number, 0, bitWidth! / 8)
      return buffer.subarray(0, bitWidth! / 8)
    case Type.Float:
      if (precision === 2) buffer.writeDoubleLE(value as number)
      else buffer.writeFloatLE(value as number)
      return buffer.subarray(0, precision === 2 ? 8 : 4)
    case Type.FixedSizeBinary:
      return Buffer.from(value as Uint8Array)
    default: {
      const bytes =
        typeof value === 'string' ? Buffer.from(value) : Buffer.from(value as Uint8Array)
      const length = Buffer.alloc(4)
      length.writeUInt32LE(bytes.length)
      return Buffer.concat([length, bytes])
    }
  }
}

/** SHA-256 over the rows of a column, in order, and its number of nulls. */
export function columnChecksum(
  batches: readonly RecordBatch[],
  name: string,
): { sha256: string; nulls: number } {
  const hash = createHash('sha256')
  let nulls = 0
  for (const batch of batches) {
    const column = batch.getChild(name)!
    for (let row = 0; row < column.length; row++) {
      const value: unknown = column.get(row)
      if (value === null) nulls++
      hash.update(value === null ? Buffer.of(0) : Buffer.of(1))
      if (value !== null) hash.update(payload(column.type, value))
    }
  }
  return { sha256: hash.digest('hex'), nulls }
}
