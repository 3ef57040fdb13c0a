import type { Schema } from 'apache-arrow'
import type { Handle } from '../native/index.js'

/** A foreign stream as native code has it, for those who can take its batches over there. */
export interface ForeignStream {
  schema: Schema
  handle: Handle<'stream'>
  /** It has come to its end, or was closed: nothing is left of it. */
  ended(): boolean
}

const foreign = new WeakMap<object, ForeignStream>()
const exporters = new WeakMap<object, () => bigint>()

/** Say what is behind an imported stream. */
export function rememberForeign(stream: object, behind: ForeignStream): void {
  foreign.set(stream, behind)
}

/** What is behind a stream that `importStream` has made; undefined for anything else. */
export function foreignStreamOf(stream: unknown): ForeignStream | undefined {
  return typeof stream === 'object' && stream !== null ? foreign.get(stream) : undefined
}

/** Let `exportStream` take `reader`: by a stream whose address `exportNative` gives. */
export function rememberExport(reader: object, exportNative: () => bigint): void {
  exporters.set(reader, exportNative)
}

/** The address of a native stream of a reader; undefined where it has none. */
export function exportReader(reader: unknown): bigint | undefined {
  return typeof reader === 'object' && reader !== null ? exporters.get(reader)?.() : undefined
}
