import {
  expectId,
  expectKnownKeys,
  expectObject,
  expectOneOf,
  expectSignal,
  unexpected,
} from '../config/index.js'
import { DataType } from '../schema/index.js'
import { PrimaryKeyFilter } from './primary-key-stats-filter.js'
import {
  clearOutside,
  compareKeys,
  keyCount,
  keyPieces,
  type PrimaryKey,
  type PrimaryKeyColumn,
  type PrimaryKeyType,
} from './primary-key-stats-keys.js'

/** Milvus's `common.maxBloomFalsePositive`. */
const FALSE_POSITIVE = 0.001

/** What {@link PrimaryKeyStats.build} takes. */
export interface PrimaryKeyStatsOptions {
  /** Field id of the primary key. */
  fieldId: number | bigint
  /** `DataType.Int64` or `DataType.VarChar`. */
  pkType: PrimaryKeyType
  /** The columns of the rows that a file describes, one after the other; at least one row. */
  keys: readonly PrimaryKeyColumn[]
  /** Default `'blocked'`, as Milvus's `common.bloomFilterType`. */
  kind?: 'blocked' | 'basic'
  /** Rate of keys that the filter holds by mistake, between 0 and 1; default 0.001. */
  falsePositive?: number
  /** Aborting rejects with the signal's reason. */
  signal?: AbortSignal
}

/** The members of {@link PrimaryKeyStats}. */
export interface PrimaryKeyStatsInit {
  /** Field id of the primary key. */
  fieldId: bigint
  /** Int64 or VarChar. */
  pkType: PrimaryKeyType
  /** Least key; undefined without rows. */
  min: PrimaryKey | undefined
  /** Greatest key; undefined without rows. */
  max: PrimaryKey | undefined
  /** Has every key. */
  filter: PrimaryKeyFilter
}

/**
 * Which primary keys a batch of rows can have (`storage.PrimaryKeyStats`): a range and a bloom
 * filter. Immutable.
 */
export class PrimaryKeyStats implements Readonly<PrimaryKeyStatsInit> {
  readonly fieldId: bigint
  readonly pkType: PrimaryKeyType
  /** Least key; undefined where a file does not say. Strings are ordered by UTF-8 bytes. */
  readonly min: PrimaryKey | undefined
  /** Greatest key; undefined where a file does not say. */
  readonly max: PrimaryKey | undefined
  readonly filter: PrimaryKeyFilter

  /** @throws PackedError InvalidArgument for no object. */
  constructor(parts: PrimaryKeyStatsInit) {
    expectObject(parts, 'parts')
    const { fieldId, pkType, min, max, filter } = parts
    this.fieldId = fieldId
    this.pkType = pkType
    this.min = min
    this.max = max
    this.filter = filter
  }

  /**
   * The statistics of rows, with a filter of as many keys as there are rows.
   *
   * Columns are hashed natively, each in one call, off the JavaScript thread; their memory is
   * lent until the promise settles.
   *
   * @throws PackedError InvalidArgument (options, no rows), TypeMismatch (keys of another type),
   *   InvalidData (a null, naming its row; invalid UTF-8), Detached. The signal's reason.
   */
  static async build(options: PrimaryKeyStatsOptions): Promise<PrimaryKeyStats> {
    const { fieldId, pkType, columns, filter, signal } = resolve(options)
    let min: PrimaryKey | undefined
    let max: PrimaryKey | undefined
    for (const [index, column] of columns.entries()) {
      for (const keys of keyPieces(column, pkType, `keys[${index}]`)) {
        signal?.throwIfAborted()
        const range = await filter.add(keys)
        if (range === null) continue
        if (min === undefined || compareKeys(range.min, min) < 0) min = range.min
        if (max === undefined || compareKeys(range.max, max) > 0) max = range.max
      }
    }
    return new PrimaryKeyStats({ fieldId, pkType, min, max, filter })
  }

  /**
   * One byte per key: 0 where it is certainly not among the rows, 1 where it may be.
   *
   * @throws PackedError as `build` does.
   */
  async mayContain(keys: PrimaryKeyColumn): Promise<Uint8Array> {
    const found = new Uint8Array(keyCount(keys))
    let row = 0
    for (const piece of keyPieces(keys, this.pkType, 'keys')) {
      const marks = await this.filter.test(piece)
      if (this.min !== undefined && this.max !== undefined) {
        clearOutside(marks, piece, this.min, this.max)
      }
      found.set(marks, row)
      row += piece.length
    }
    return found
  }
}

function resolve(options: PrimaryKeyStatsOptions) {
  const given = expectObject(options, 'options')
  expectKnownKeys(
    given,
    ['fieldId', 'pkType', 'keys', 'kind', 'falsePositive', 'signal'],
    'PrimaryKeyStats.build',
  )
  const fieldId = expectId(given.fieldId, 'fieldId')
  const pkType = expectPrimaryKeyType(given.pkType)
  if (!Array.isArray(given.keys)) throw unexpected('an array of columns', 'keys', given.keys)
  const columns: readonly unknown[] = given.keys
  const rows = columns.reduce((sum: number, column) => sum + keyCount(column), 0)
  if (rows === 0) throw unexpected('at least one key', 'keys', columns)
  const kind = expectOneOf(given.kind, 'kind', ['blocked', 'basic'], 'blocked')
  const falsePositive = given.falsePositive ?? FALSE_POSITIVE
  if (typeof falsePositive !== 'number') {
    throw unexpected('a number between 0 and 1', 'falsePositive', falsePositive)
  }
  const signal = expectSignal(given.signal, 'signal')
  signal?.throwIfAborted()
  const filter = PrimaryKeyFilter.empty(kind, rows, falsePositive)
  return { fieldId, pkType, columns, filter, signal }
}

function expectPrimaryKeyType(type: unknown): PrimaryKeyType {
  if (type === DataType.Int64 || type === DataType.VarChar) return type
  throw unexpected(
    `DataType.Int64 (${DataType.Int64}) or DataType.VarChar (${DataType.VarChar})`,
    'pkType',
    type,
  )
}
