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
/** What may be lent: such a part of the memory, but never less nor more than this. */
const OUTSTANDING_SHARE = 1 / 8
const LEAST_OUTSTANDING_BYTES = 2 ** 30
const MOST_OUTSTANDING_BYTES = 2 ** 32
/** What may be lent before the collector is told of it: a part of the memory, and of the bound. */
const CREDIT_SHARE = 1 / 32
const CREDIT_SHARE_OF_OUTSTANDING = 1 / 4

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

/** Bytes of the machine, or of the container where that has a bound. */
function availableMemory(): number {
  return Math.min(totalmem(), constrainedMemory() || Number.POSITIVE_INFINITY)
}

function defaultOutstandingBytes(): number {
  const share = Math.floor(availableMemory() * OUTSTANDING_SHARE)
  return Math.min(MOST_OUTSTANDING_BYTES, Math.max(LEAST_OUTSTANDING_BYTES, share))
}

/**
 * Lent bytes that cause no garbage collection: the collector takes everything lent for garbage to
 * come, and runs more often than the reading of it is worth. The first credit of
 * `binding/lending_credit.h`.
 */
function creditBytes(maxOutstandingBytes: number): number {
  const ofOutstanding = maxOutstandingBytes * CREDIT_SHARE_OF_OUTSTANDING
  return Math.floor(Math.min(availableMemory() * CREDIT_SHARE, ofOutstanding))
}

/** @throws PackedError InvalidArgument. */
export function resolvePolicy(options: Record<string, unknown>): StreamPolicy {
  const maxOutstandingBytes = expectInteger(options.maxOutstandingBytes, 'maxOutstandingBytes', {
    fallback: defaultOutstandingBytes(),
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
