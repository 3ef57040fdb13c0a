import { describeValue, expectObject, parseExact } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { Binlog, FieldBinlog } from './field-binlog.js'

/** {@link Binlog} under Milvus's names; 64-bit ids and timestamps as text, which JSON keeps exact. */
export interface BinlogJson {
  entries_num: number
  timestamp_from: string
  timestamp_to: string
  log_path: string
  log_size: number
  logID: string
  memory_size: number
  field_null_counts: Record<string, number>
}

/** {@link FieldBinlog} under Milvus's names. */
export interface FieldBinlogJson {
  fieldID: string
  binlogs: BinlogJson[]
  child_fields: string[]
  format: string
}

/**
 * A plain value for `JSON.stringify`, every field present. Protobuf's JSON parsers take it, and
 * `fieldBinlogFromJson`.
 *
 * @throws PackedError InvalidArgument.
 */
export function fieldBinlogToJson(fieldBinlog: FieldBinlog): FieldBinlogJson {
  expectObject(fieldBinlog, 'fieldBinlog')
  return {
    fieldID: String(fieldBinlog.fieldId),
    binlogs: fieldBinlog.binlogs.map(binlogToJson),
    child_fields: fieldBinlog.childFields.map(String),
    format: fieldBinlog.format,
  }
}

function binlogToJson(binlog: Binlog): BinlogJson {
  return {
    entries_num: binlog.entriesNum,
    timestamp_from: String(binlog.timestampFrom),
    timestamp_to: String(binlog.timestampTo),
    log_path: binlog.logPath,
    log_size: binlog.logSize,
    logID: String(binlog.logId),
    memory_size: binlog.memorySize,
    field_null_counts: Object.fromEntries(binlog.fieldNullCounts),
  }
}

/**
 * A FieldBinlog from JSON text or a parsed value.
 *
 * Names may be Milvus's (`log_path`, `logID`) or in camelCase (`logPath`, `logId`), integers
 * numbers, bigints or decimal text; what is absent or null is zero, what is unknown is ignored.
 *
 * @throws PackedError MetadataCorrupted naming the field: no JSON, a wrong type, a number that a
 *   double has rounded already.
 */
export function fieldBinlogFromJson(json: unknown): FieldBinlog {
  const value = typeof json === 'string' ? parsedText(json) : json
  const object = new JsonObject(value, 'FieldBinlog')
  return {
    fieldId: object.int64('fieldid'),
    binlogs: object.list('binlogs').map((item, index) => binlogFromJson(item, `binlogs[${index}]`)),
    childFields: object
      .list('childfields')
      .map((id, index) => integerOf(id, `child_fields[${index}]`)),
    format: object.text('format'),
  }
}

function binlogFromJson(value: unknown, name: string): Binlog {
  const object = new JsonObject(value, name)
  return {
    entriesNum: object.count('entriesnum'),
    timestampFrom: object.uint64('timestampfrom'),
    timestampTo: object.uint64('timestampto'),
    logPath: object.text('logpath'),
    logSize: object.count('logsize'),
    logId: object.int64('logid'),
    memorySize: object.count('memorysize'),
    fieldNullCounts: object.counts('fieldnullcounts'),
  }
}

function parsedText(text: string): unknown {
  try {
    return parseExact(text)
  } catch (cause) {
    throw new PackedError(
      'MetadataCorrupted',
      `Expected JSON for a FieldBinlog but received ${describeValue(text)}`,
      { cause },
    )
  }
}

/** Fields of an object by name, whatever the case and the underscores of the name. */
class JsonObject {
  readonly #name: string
  readonly #fields: ReadonlyMap<string, { key: string; value: unknown }>

  constructor(value: unknown, name: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw malformed('an object', name, value)
    }
    this.#name = name
    this.#fields = new Map(
      Object.entries(value)
        .filter(([, field]) => field !== null && field !== undefined)
        .map(([key, field]) => [key.replaceAll('_', '').toLowerCase(), { key, value: field }]),
    )
  }

  list(field: string): readonly unknown[] {
    return this.#take(field, [], (value, name) => {
      if (Array.isArray(value)) return value
      throw malformed('an array', name, value)
    })
  }

  text(field: string): string {
    return this.#take(field, '', (value, name) => {
      if (typeof value === 'string') return value
      throw malformed('a string', name, value)
    })
  }

  int64(field: string): bigint {
    return this.#take(field, 0n, integerOf)
  }

  uint64(field: string): bigint {
    return this.#take(field, 0n, (value, name) => {
      const integer = integerOf(value, name)
      if (integer >= 0n) return integer
      throw malformed('an integer >= 0', name, value)
    })
  }

  count(field: string): number {
    return this.#take(field, 0, countOf)
  }

  counts(field: string): ReadonlyMap<bigint, number> {
    return this.#take(field, new Map<bigint, number>(), (value, name) => {
      if (typeof value !== 'object' || value === null) throw malformed('an object', name, value)
      return new Map(
        Object.entries(value).map(([id, nulls]) => [
          integerOf(id, `a key of ${name}`),
          countOf(nulls, `${name}.${id}`),
        ]),
      )
    })
  }

  #take<T>(field: string, absent: T, convert: (value: unknown, name: string) => T): T {
    const found = this.#fields.get(field)
    return found === undefined ? absent : convert(found.value, `${this.#name}.${found.key}`)
  }
}

/** An integer of 64 bits, signed or not. */
function integerOf(value: unknown, name: string): bigint {
  const whole = typeof value === 'number' && Number.isSafeInteger(value)
  const digits = typeof value === 'string' && /^-?\d{1,20}$/.test(value)
  if (whole || digits || typeof value === 'bigint') {
    const integer = BigInt(value as number | string | bigint)
    if (integer >= -(2n ** 63n) && integer < 2n ** 64n) return integer
  }
  throw malformed('a 64-bit integer (exact, as number or text)', name, value)
}

function countOf(value: unknown, name: string): number {
  const count = Number(integerOf(value, name))
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw malformed('a count below 2^53', name, value)
}

function malformed(expected: string, name: string, value: unknown): PackedError {
  const message = `Expected ${expected} for ${name} but received ${describeValue(value)}`
  return new PackedError('MetadataCorrupted', message)
}
