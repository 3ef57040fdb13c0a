import {
  type Data,
  Field,
  Int64,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { flattenBatch } from '../cdata/index.js'
import type { KeySetHandle, NativeFoundKeys } from '../native/index.js'
import { callAsync } from '../native/index.js'
import { importSchema } from './stream-settings.js'

/** Primary keys that rows are looked for by, in native memory. */
export class KeySet {
  readonly native: KeySetHandle

  private constructor(native: KeySetHandle) {
    this.native = native
  }

  /**
   * @param keys all bigints of 64 bits, or all text; found keys are told by their position in it.
   * @throws PackedError InvalidData (text that is not well formed).
   */
  static async of(keys: readonly (bigint | string)[]): Promise<KeySet> {
    const { schema, batch } = columnBatch(keysData(keys))
    return new KeySet(await callAsync((addon, done) => addon.keySetNew(schema, batch, done)))
  }

  /**
   * The rows of a column that have one of the keys. Its memory is lent until the promise settles.
   *
   * @throws PackedError TypeMismatch, Detached.
   */
  find(column: Data): Promise<NativeFoundKeys> {
    const { schema, batch } = columnBatch(column)
    return callAsync((addon, done) => addon.keySetFind(this.native, schema, batch, done))
  }
}

function keysData(keys: readonly (bigint | string)[]): Data {
  if (typeof keys[0] === 'string') {
    return vectorFromArray(keys as readonly string[], new Utf8()).data[0]!
  }
  return makeData({ type: new Int64(), data: BigInt64Array.from(keys as readonly bigint[]) })
}

function columnBatch(column: Data) {
  const fields = [new Field('key', column.type, true)]
  const type = new Struct(fields)
  const rows = makeData({ type, length: column.length, nullCount: 0, children: [column] })
  const schema = new Schema(fields)
  return { schema: importSchema(schema), batch: flattenBatch(new RecordBatch(schema, rows)) }
}
