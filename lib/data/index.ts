export { type BatchLike, batchesOf, columnsOf } from './batch-columns.js'
export { Bm25Stats } from './bm25-stats.js'
export { type BuildRecordOptions, buildRecord } from './build-record.js'
export { createFieldData } from './create-field-data.js'
export { DeleteData, type Keys } from './delete-data.js'
export type {
  ColumnInput,
  FieldData,
  OffsetsAndBytes,
  Serialize,
  TypedValues,
  ValuesAndValidity,
} from './field-data.js'
export { InsertData, type InsertDataOptions } from './insert-data.js'
export type { Lenience, LenientReport } from './lenience.js'
export { MessageSink } from './message-sink.js'
export type { Row } from './row-shape.js'
export { type RowsOfOptions, rowsOf } from './rows-of.js'
export { type SerDe, type SerDeOptions, serDeOf } from './ser-de.js'
