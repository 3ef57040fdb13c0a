export { Codec } from './codec.js'
export { CODEC_LEVELS, CODEC_NAMES, type CodecName } from './codec-names.js'
export type {
  CodecOptions,
  CodecReaderOptions,
  CodecWriterOptions,
  DecodeOptions,
  EncodeOptions,
} from './codec-options.js'
export {
  CompressionDictionary,
  type TrainDictionaryOptions,
  trainDictionary,
} from './compression-dictionary.js'
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
