/** Level of ZSTD where nobody says one, as Milvus has it. */
export const DEFAULT_COMPRESSION_LEVEL = 3
/** Level of ZSTD where smaller files are worth more time and memory. */
export const BETTER_COMPRESSION_LEVEL = 7

const KIB = 2 ** 10
const MIB = 2 ** 20

/** How bytes are compressed: `storage.compression` in YAML. */
export interface CompressionSettings {
  /** Of ZSTD, 1 to 22. */
  level: number
  /** Blocks that are compressed at the same time, up to 256; 0 or less = the cores. */
  concurrency: number
  /** Bytes that are compressed as one, 1 KiB to 1 GiB; `blockSize` in YAML. */
  blockBytes: number
  /** Bytes of a trained dictionary, 256 to 1 MiB; 0 = none is trained; `dictSize` in YAML. */
  dictBytes: number
}

/** How columns are encoded before that: `storage.encoding` in YAML. */
export interface EncodingSettings {
  /** Differences instead of the values themselves, for integers and timestamps. */
  enableDeltaEncoding: boolean
  /** Dictionaries where distinct values over all values are fewer than this, 0 to 1. */
  dictionaryThreshold: number
  /** Bits of one dimension of a quantized vector: 8. */
  vectorQuantizationBits: number
}

/** What there is to say about compression; what is left out has its default. */
export interface CompressionConfig {
  /** Codec, level and memory of compressing; defaults for what is absent. */
  compression?: Partial<CompressionSettings>
  /** Encodings of columns; defaults for what is absent. */
  encoding?: Partial<EncodingSettings>
}

/** A checked {@link CompressionConfig} with everything in it; `concurrency` is at least 1. */
export interface ResolvedCompressionConfig {
  /** Every setting of compressing. */
  compression: CompressionSettings
  /** Every setting of encoding. */
  encoding: EncodingSettings
}

/** What holds where nobody says anything. */
export const DEFAULT_COMPRESSION_CONFIG: {
  readonly [Block in keyof ResolvedCompressionConfig]: Readonly<ResolvedCompressionConfig[Block]>
} = Object.freeze({
  compression: Object.freeze({
    level: DEFAULT_COMPRESSION_LEVEL,
    concurrency: 4,
    blockBytes: MIB,
    dictBytes: 64 * KIB,
  }),
  encoding: Object.freeze({
    enableDeltaEncoding: true,
    dictionaryThreshold: 0.7,
    vectorQuantizationBits: 8,
  }),
})
