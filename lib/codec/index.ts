export {
  CompressionMonitor,
  type CompressionMonitorOptions,
  type CompressionReporter,
} from './compression-monitor.js'
export {
  type CompressionCall,
  type CompressionCounts,
  type CompressionEntry,
  type CompressionFigures,
  type CompressionKind,
  type CompressionSource,
  CompressionStats,
  type CompressionWay,
  compressionRatio,
  compressionSaving,
} from './compression-stats.js'
export { deltaDecode, deltaEncode } from './delta.js'
export {
  DictionaryEncoder,
  type DictionaryEncoderOptions,
  type DictionaryValue,
} from './dictionary-encoder.js'
export { fileCompressionStats } from './file-compression-stats.js'
