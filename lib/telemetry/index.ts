export { type Logger, SILENT } from './logger.js'
export {
  type CounterName,
  type GaugeName,
  type HistogramName,
  PIPELINE_METRICS,
  type PipelineMeter,
  UNMETERED,
} from './pipeline-metrics.js'
export { publishStage, STAGES, type Stage } from './stage.js'
export { StorageMeter, type StorageMetrics, storageMeter, storageMeters } from './storage-meter.js'
