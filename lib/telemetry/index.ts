export { combineMeters } from './combine-meters.js'
export { type Logger, SILENT } from './logger.js'
export { meterPacked } from './meter-packed.js'
export { otelMeter } from './otel-meter.js'
export {
  PACKED_EVENTS,
  type PackedEventName,
  type PackedEvents,
  publishEvent,
  sinceMs,
  startOf,
} from './packed-events.js'
export {
  type CounterName,
  type GaugeName,
  type HistogramName,
  type MetricLabels,
  PIPELINE_METRICS,
  type PipelineMeter,
  UNMETERED,
} from './pipeline-metrics.js'
export { type PrometheusMeter, prometheusMeter } from './prometheus-meter.js'
export { publishStage, STAGES, type Stage } from './stage.js'
export { StorageMeter, type StorageMetrics, storageMeter, storageMeters } from './storage-meter.js'
