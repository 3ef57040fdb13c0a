import { type Data, type DataType, type RecordBatch, Type, UnionMode } from 'apache-arrow'
import { type FlatBatch, NODE_STRIDE } from '../native/index.js'
import { factsOf } from './flatten-schema.js'

type View = ArrayBufferView | null

/** Collects nodes and buffers in pre-order; nothing is copied and no row is looked at. */
class FlatSink {
  readonly nodes: number[] = []
  readonly buffers: View[] = []

  node(data: Data | undefined, nullCount: number, buffers: View[]): void {
    this.nodes.push(data?.length ?? 0, nullCount, data?.offset ?? 0, buffers.length)
    for (const buffer of buffers) this.buffers.push(buffer)
  }

  /** Announces that the next node comes in `chunks` pieces (see FlatBatch). */
  chunked(length: number, chunks: number): void {
    this.nodes.push(length, -1, 0, -chunks)
  }
}

/**
 * A record batch as flat arrays over its own memory.
 *
 * arrow-js applies a slice's offset to byte buffers at once and keeps it for bit-packed ones
 * only (`Data.offset`), which is what FlatBatch's `bitOffset` says.
 */
export function flattenBatch(batch: RecordBatch): FlatBatch {
  const sink = new FlatSink()
  for (const [i, field] of batch.schema.fields.entries()) {
    flattenData(sink, field.type, batch.data.children[i])
  }
  return { rows: batch.numRows, nodes: Float64Array.from(sink.nodes), buffers: sink.buffers }
}

/** Number of nodes in a flattened batch. */
export function nodeCount(batch: FlatBatch): number {
  return batch.nodes.length / NODE_STRIDE
}

/** `data` is absent where a builder never made a child of an empty or all-null parent. */
function flattenData(sink: FlatSink, type: DataType, data: Data | undefined): void {
  if (type.typeId === Type.Null) {
    sink.node(data, data?.length ?? 0, [])
    return
  }
  if (type.typeId === Type.Union) {
    flattenUnion(sink, type, data)
    return
  }
  const nullCount = data?.nullCount ?? 0
  const validity = nullCount === 0 ? null : (data?.nullBitmap ?? null)
  sink.node(data, nullCount, [validity, ...valueBuffers(type, data)])
  if (type.typeId === Type.Dictionary) {
    flattenDictionary(sink, factsOf(type).dictionary, data?.dictionary?.data ?? [])
  } else {
    flattenChildren(sink, type, data)
  }
}

function flattenUnion(sink: FlatSink, type: DataType, data: Data | undefined): void {
  const buffers: View[] = [data?.typeIds ?? null]
  if (factsOf(type).mode === UnionMode.Dense) buffers.push(data?.valueOffsets ?? null)
  sink.node(data, 0, buffers)
  flattenChildren(sink, type, data)
}

function flattenChildren(sink: FlatSink, type: DataType, data: Data | undefined): void {
  for (const [i, child] of (type.children ?? []).entries()) {
    flattenData(sink, child.type, data?.children[i])
  }
}

/** A dictionary that grew by deltas has several chunks; the addon joins them. */
function flattenDictionary(sink: FlatSink, type: DataType, chunks: readonly Data[]): void {
  if (chunks.length > 1) {
    const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    sink.chunked(length, chunks.length)
    for (const chunk of chunks) flattenData(sink, type, chunk)
    return
  }
  flattenData(sink, type, chunks[0])
}

/** The buffers after the validity bitmap, in C Data order. */
function valueBuffers(type: DataType, data: Data | undefined): View[] {
  switch (type.typeId as Type) {
    case Type.Struct:
    case Type.FixedSizeList:
      return []
    case Type.List:
    case Type.LargeList:
    case Type.Map:
      return [data?.valueOffsets ?? null]
    case Type.Binary:
    case Type.LargeBinary:
    case Type.Utf8:
    case Type.LargeUtf8:
      return [data?.valueOffsets ?? null, data?.values ?? null]
    case Type.BinaryView:
    case Type.Utf8View:
      return [data?.values ?? null, ...variadicBuffers(data)]
    default:
      return [data?.values ?? null]
  }
}

/** Absent in apache-arrow before view types came. */
function variadicBuffers(data: Data | undefined): readonly Uint8Array[] {
  return data?.variadicBuffers ?? []
}
