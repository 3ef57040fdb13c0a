import { type Data, Field, Int64, Schema, Type, Utf8 } from 'apache-arrow'
import { isPackedError } from '../../errors/index.js'
import { FIELD_ID_KEY } from '../../schema/index.js'
import type { DeleteColumns } from './parse-rows.js'

/** Names of the columns of a delete log; StorageV2's own have none and are told by their ids. */
export const KEY_COLUMN = 'pk'
export const TIME_COLUMN = 'ts'

export type DeleteKeyType = 'int64' | 'utf8'

/** Key and time of a delete as columns, field ids 0 and 1 as in a StorageV2 delete log. */
export function deleteSchema(keys: DeleteKeyType): Schema {
  const field = (name: string, type: Int64 | Utf8, id: number) =>
    new Field(name, type, false, new Map([[FIELD_ID_KEY, String(id)]]))
  const key = keys === 'int64' ? new Int64() : new Utf8()
  return new Schema([field(KEY_COLUMN, key, 0), field(TIME_COLUMN, new Int64(), 1)])
}

/**
 * What `open` gives for the type of the keys, `first` tried before the other one: StorageV2 files
 * do not say what they hold before they are opened.
 */
export async function openEitherWay<T>(
  first: DeleteKeyType,
  open: (schema: Schema) => Promise<T>,
): Promise<T> {
  try {
    return await open(deleteSchema(first))
  } catch (error) {
    if (!isPackedError(error) || error.code !== 'TypeMismatch') throw error
    return open(deleteSchema(first === 'int64' ? 'utf8' : 'int64'))
  }
}

/** The two columns of a batch; keys and times view its memory. */
export function columnsOfBatch(key: Data, time: Data): DeleteColumns {
  const keys =
    (key.typeId as Type) === Type.Utf8
      ? textsOf(key)
      : (key.values as BigInt64Array).subarray(0, key.length)
  return { keys, timestamps: (time.values as BigInt64Array).subarray(0, time.length) }
}

function textsOf({ length, valueOffsets, values }: Data): string[] {
  const decoder = new TextDecoder()
  return Array.from({ length }, (_, row) =>
    decoder.decode((values as Uint8Array).subarray(valueOffsets[row], valueOffsets[row + 1])),
  )
}
