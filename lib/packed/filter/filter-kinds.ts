import { type DataType, DateUnit, type Dictionary, type Field, TimeUnit, Type } from 'apache-arrow'
import { DIM_KEY } from '../../schema/index.js'

/** What the values of a column are to a filter. */
export type FilterKind =
  | IntegerKind
  /** Of so many bits. */
  | { kind: 'float'; bits: 16 | 32 | 64 }
  | { kind: 'text' | 'boolean' | 'null' }
  /** `isText`: the bytes are UTF-8, as of JSON. */
  | { kind: 'bytes'; isText: boolean }

/** Whole numbers from `min` to `max`, which may count time. */
export interface IntegerKind {
  kind: 'integer'
  min: bigint
  max: bigint
  clock?: Clock
}

/** What an integer counts: since 1970 or since midnight, or nothing that has a text. */
export interface Clock {
  counts: 'date' | 'timestamp' | 'time'
  nanosPerUnit: bigint
}

const NANOS_PER_SECOND = 1_000_000_000n
const NANOS_PER_DAY = 86_400n * NANOS_PER_SECOND

const UNIT_NANOS: Readonly<Record<TimeUnit, bigint>> = {
  [TimeUnit.SECOND]: NANOS_PER_SECOND,
  [TimeUnit.MILLISECOND]: 1_000_000n,
  [TimeUnit.MICROSECOND]: 1000n,
  [TimeUnit.NANOSECOND]: 1n,
}

/** The parts of Arrow's types that tell them apart; `typeId` alone does not. */
interface TypeFacts {
  bitWidth?: number
  isSigned?: boolean
  precision?: number
  unit?: number
}

/** The kind of a column, or why a filter cannot be on it: the end of "… but received". */
export function kindOfField({ type, metadata }: Field): FilterKind | string {
  // A nullable vector is binary with its dimension beside it.
  if (metadata.has(DIM_KEY)) return 'vectors'
  return kindOfType(type)
}

function kindOfType(type: DataType): FilterKind | string {
  const { bitWidth = 0, isSigned = true, precision, unit = 0 } = type as DataType & TypeFacts
  switch (type.typeId as Type) {
    case Type.Dictionary:
      return kindOfType((type as Dictionary).dictionary)
    case Type.Null:
      return { kind: 'null' }
    case Type.Bool:
      return { kind: 'boolean' }
    case Type.Int:
      return integers(bitWidth, isSigned)
    case Type.Float:
      return { kind: 'float', bits: precision === 0 ? 16 : precision === 1 ? 32 : 64 }
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return { kind: 'text' }
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
      return { kind: 'bytes', isText: false }
    case Type.FixedSizeBinary:
      return `${type}, as vectors are stored`
    case Type.Date:
      return unit === DateUnit.DAY
        ? { ...integers(32), clock: { counts: 'date', nanosPerUnit: NANOS_PER_DAY } }
        : { ...integers(64), clock: { counts: 'date', nanosPerUnit: 1_000_000n } }
    case Type.Time:
      return {
        ...integers(bitWidth),
        clock: { counts: 'time', nanosPerUnit: UNIT_NANOS[unit as TimeUnit] },
      }
    case Type.Timestamp:
      return {
        ...integers(64),
        clock: { counts: 'timestamp', nanosPerUnit: UNIT_NANOS[unit as TimeUnit] },
      }
    case Type.Duration:
      return integers(64)
    default:
      return String(type)
  }
}

/** Integers of so many bits. */
export function integers(bits: number, isSigned = true): IntegerKind {
  const width = BigInt(bits)
  if (!isSigned) return { kind: 'integer', min: 0n, max: 2n ** width - 1n }
  return { kind: 'integer', min: -(2n ** (width - 1n)), max: 2n ** (width - 1n) - 1n }
}

/** Milvus's Timestamptz: microseconds since 1970. */
export const TIMESTAMPTZ: IntegerKind = {
  ...integers(64),
  clock: { counts: 'timestamp', nanosPerUnit: 1000n },
}
