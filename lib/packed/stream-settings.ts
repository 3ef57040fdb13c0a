import { totalmem } from 'node:os'
import { constrainedMemory } from 'node:process'
import type { Schema } from 'apache-arrow'
import { flattenBatch, flattenSchema } from '../cdata/index.js'
import { expectBoolean, expectInteger, expectObject } from '../config/index.js'
import type { FlatBatch, SchemaHandle } from '../native/index.js'
import { callSync } from '../native/index.js'
import type { StreamPolicy } from './batch-stream.js'
import { defaultRow } from './default-row.js'

const DEFAULT_BATCH_ROWS = 65_536
const DEFAULT_OUTSTANDING_BYTES = 2 ** 30
/** What may be lent before the collector is told of it: so much, and such a part of the memory. */
const MOST_CREDIT_BYTES = 2 ** 28
const CREDIT_SHARE = 1 / 64

/** Options that every reader of batches has. */
export const STREAM_OPTIONS = [
  'batchRows',
  'batchBytes',
  'bufferBytes',
  'releasePrevious',
  'copy',
  'maxOutstandingBytes',
  'signal',
] as const

/** How much a reader holds and hands out at a time; `bufferBytes` 0 = the core's default. */
export interface StreamLimits {
  batchRows: number
  batchBytes: number
  bufferBytes: number
}

/** @throws PackedError InvalidArgument. */
export function resolveLimits(options: Record<string, unknown>): StreamLimits {
  return {
    batchRows: expectInteger(options.batchRows, 'batchRows', {
      min: 1,
      fallback: DEFAULT_BATCH_ROWS,
    }),
    batchBytes: expectInteger(options.batchBytes, 'batchBytes', { fallback: 0 }),
    bufferBytes: expectInteger(options.bufferBytes, 'bufferBytes', { fallback: 0 }),
  }
}

/**
 * Lent bytes that cause no garbage collection: the collector takes everything lent for garbage to
 * come, and runs more often than the reading of it is worth. The first credit of
 * `binding/lending_credit.h`.
 */
function creditBytes(maxOutstandingBytes: number): number {
  const memory = Math.min(totalmem(), constrainedMemory() || Number.POSITIVE_INFINITY)
  return Math.floor(Math.min(MOST_CREDIT_BYTES, memory * CREDIT_SHARE, maxOutstandingBytes / 4))
}

/** @throws PackedError InvalidArgument. */
export function resolvePolicy(options: Record<string, unknown>): StreamPolicy {
  const maxOutstandingBytes = expectInteger(options.maxOutstandingBytes, 'maxOutstandingBytes', {
    fallback: DEFAULT_OUTSTANDING_BYTES,
  })
  return {
    policy: {
      copy: expectBoolean(options.copy, 'copy', false),
      maxOutstandingBytes,
      creditBytes: creditBytes(maxOutstandingBytes),
    },
    releasePrevious: expectBoolean(options.releasePrevious, 'releasePrevious', false),
  }
}

/** A schema as the addon takes it. @throws PackedError for types that it does not have. */
export function importSchema(schema: Schema): SchemaHandle {
  const flat = flattenSchema(schema)
  return callSync((addon) => addon.importSchema(flat))
}

/** The row of values for fields of `schema` that are not stored. @throws as `defaultRow`. */
export function resolveDefaults(
  schema: Schema,
  values: unknown,
): { schema: SchemaHandle; batch: FlatBatch } {
  const row = defaultRow(schema, expectObject(values, 'defaults'))
  return { schema: importSchema(row.schema), batch: flattenBatch(row) }
}
