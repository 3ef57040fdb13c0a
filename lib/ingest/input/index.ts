export type { ColumnMap } from './assign-columns.js'
export { type ColumnType, parseColumnType } from './column-type.js'
export {
  type InferOptions,
  type InferredCollection,
  type InferredInput,
  inferCollection,
} from './infer-collection.js'
export type {
  IngestInput,
  IngestOptions,
  IngestProgress,
  IngestSummary,
  IngestTarget,
  SourceProgress,
} from './ingest-options.js'
export { type Input, type InputBatch, type InputOptions, openInput } from './input.js'
export { formatOfExtension, INPUT_FORMATS, type InputFormat, inputFormat } from './input-format.js'
export { type InputPlace, STDIN } from './input-place.js'
export {
  type CollectionMapping,
  type MapOptions,
  type MappedColumn,
  mapToCollection,
} from './map-collection.js'
export type { OnError } from './poison-rows.js'
export { runIngest } from './run-ingest.js'
export { sourceOf } from './source-name.js'
export { type WatchOptions, watchDirectory } from './watch-directory.js'
