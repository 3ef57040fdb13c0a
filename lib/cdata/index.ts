/**
 * The Arrow bridge: apache-arrow objects to and from the flat form that crosses the addon's
 * boundary. No IPC and no per-row work; memory is shared, not copied.
 */
export { flattenBatch } from './flatten-batch.js'
export { flattenSchema } from './flatten-schema.js'
export {
  exportReader,
  type ForeignStream,
  foreignStreamOf,
  rememberExport,
} from './native-streams.js'
export {
  type ArrowCData,
  type ExportedRecordBatch,
  type ExportedStream,
  exportRecordBatch,
  exportStream,
  type ImportedStream,
  type ImportOptions,
  importRecordBatch,
  importStream,
} from './public.js'
export { unflattenBatch } from './unflatten-batch.js'
export { unflattenSchema } from './unflatten-schema.js'
