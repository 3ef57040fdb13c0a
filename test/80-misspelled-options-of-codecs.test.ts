/** Every option of what works on bytes and vectors, misspelled once. */
import {
  BatchCompressor,
  type BatchCompressorOptions,
  type BytesDecodeOptions,
  Codec,
  type CodecOptions,
  type CodecReaderOptions,
  type CodecWriterOptions,
  CompressionMonitor,
  type CompressionMonitorOptions,
  CompressionStrategy,
  type DecodeOptions,
  DictionaryEncoder,
  type DictionaryEncoderOptions,
  dequantizeVectors,
  type EncodeOptions,
  FallbackCompressor,
  type FallbackCompressorOptions,
  type LevelFacts,
  quantizeVectors,
  SafeCompress,
  type TrainDictionaryOptions,
  type TrainedCodecOptions,
  trainDictionary,
  type VectorsToDequantize,
  type VectorsToQuantize,
} from '../lib/index.js'
import { namesOf, testDoors } from './support/misspelled.js'

const bytes = new Uint8Array(8)
const codec = new Codec('zstd')
const compressor = new BatchCompressor()
afterAll(() => compressor.close())

describe('of codecs', () => {
  testDoors([
    [
      'Codec',
      (o) => new Codec('zstd', o),
      namesOf<CodecOptions>()('level concurrency blockBytes maxBytes dictionary config'),
    ],
    [
      'Codec.trained',
      (o) => Codec.trained([], o),
      namesOf<TrainedCodecOptions>()('level concurrency blockBytes maxBytes config'),
    ],
    ['encode', (o) => codec.encode(bytes, o), namesOf<EncodeOptions>()('dst signal')],
    ['decode', (o) => codec.decode(bytes, o), namesOf<DecodeOptions>()('dst signal maxBytes')],
    ['newReader', (o) => codec.newReader(o), namesOf<CodecReaderOptions>()('maxBytes')],
    [
      'newWriter',
      (o) => codec.newWriter(o),
      namesOf<CodecWriterOptions>()('concurrency blockBytes'),
    ],
    [
      'trainDictionary',
      (o) => trainDictionary([], o),
      namesOf<TrainDictionaryOptions>()('dictBytes'),
    ],
    [
      'BatchCompressor',
      (o) => new BatchCompressor(o),
      namesOf<BatchCompressorOptions>()('codec maxItems maxBytes'),
    ],
    ['BatchCompressor.add', (o) => compressor.add(bytes, o), ['signal']],
    ['BatchCompressor.flush', (o) => compressor.flush(o), ['signal']],
    [
      'FallbackCompressor',
      (o) => new FallbackCompressor(o),
      namesOf<FallbackCompressorOptions>()('codec fallback ratioThreshold'),
    ],
    ['SafeCompress.encode', (o) => new SafeCompress().encode(bytes, o), ['signal']],
    ['FallbackCompressor.encode', (o) => new FallbackCompressor().encode(bytes, o), ['signal']],
    [
      'FallbackCompressor.decode',
      async (o) => {
        const fallback = new FallbackCompressor()
        return fallback.decode((await fallback.encode(bytes)).bytes, o)
      },
      namesOf<BytesDecodeOptions>()('maxBytes signal'),
    ],
    [
      'DictionaryEncoder',
      (o) => new DictionaryEncoder(o),
      namesOf<DictionaryEncoderOptions>()('maxValues'),
    ],
    [
      'CompressionMonitor',
      (o) => new CompressionMonitor(o),
      namesOf<CompressionMonitorOptions>()('reporter meter intervalMs'),
    ],
    [
      'CompressionStrategy.selectLevel',
      (o) => CompressionStrategy.selectLevel(o),
      namesOf<LevelFacts>()('sizeBytes type ioLatencyMs cpuUsage'),
    ],
    [
      'quantizeVectors',
      (o) => quantizeVectors(o),
      namesOf<VectorsToQuantize>()('values dim scale signal'),
    ],
    [
      'dequantizeVectors',
      (o) => dequantizeVectors(o),
      namesOf<VectorsToDequantize>()('codes dim scales maxError signal'),
    ],
  ])
})
