export { BatchCompressor, type BatchCompressorOptions } from './batch-compressor.js'
export {
  type BytesCodec,
  type BytesDecodeOptions,
  type CodecOrName,
  type CompressionRecorder,
  measuredCodec,
} from './bytes-codec.js'
export { Codec } from './codec.js'
export { expectBytes } from './codec-bytes.js'
export { CODEC_LEVELS, CODEC_NAMES, type CodecName } from './codec-names.js'
export type {
  CodecOptions,
  CodecReaderOptions,
  CodecWriterOptions,
  DecodeOptions,
  EncodeOptions,
  TrainedCodecOptions,
} from './codec-options.js'
export { CompressedBatch } from './compressed-batch.js'
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
export {
  COLUMN_KINDS,
  type ColumnKind,
  CompressionStrategy,
  FASTEST_COMPRESSION_LEVEL,
  type LevelFacts,
  type LevelStrategy,
} from './compression-strategy.js'
export { deltaDecode, deltaEncode } from './delta.js'
export {
  DictionaryEncoder,
  type DictionaryEncoderOptions,
  type DictionaryValue,
} from './dictionary-encoder.js'
export {
  FallbackCompressor,
  type FallbackCompressorOptions,
  type FallbackResult,
} from './fallback-compressor.js'
export { fileCompressionStats } from './file-compression-stats.js'
export {
  dequantizeVectors,
  type QuantizedVectors,
  quantizeVectors,
  type VectorsToDequantize,
  type VectorsToQuantize,
} from './quantize.js'
export { SafeCompress } from './safe-compress.js'
