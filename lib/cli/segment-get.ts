import { Command } from 'commander'
import type { PrimaryKey } from '../binlog/index.js'
import { PackedError } from '../errors/index.js'
import { type CollectionSchema, DataType, primaryKeyField } from '../schema/index.js'
import { SegmentReader } from '../segment/index.js'
import { UsageError } from './failure.js'
import { milvusCells } from './milvus-cells.js'
import {
  addPrintOptions,
  outputFormatOf,
  type PrintOptions,
  printRows,
  readOptionsFor,
  rowsOfTable,
} from './print-rows.js'
import { addSegmentOptions, findSegment, schemaOf } from './segment-target.js'
import { addVisibleOptions, readerOptionsOf, type VisibleOptions } from './segment-visible.js'
import { StorageSource } from './storage-source.js'

interface SegmentGetOptions extends PrintOptions, VisibleOptions {
  key: string[]
}

/** Missing keys that a message names. */
const SHOWN_KEYS = 10

export function segmentGetCommand(signal: AbortSignal): Command {
  const command = new Command('get').description(
    'print the newest rows of primary keys, in the order of the keys; 1 where one has no row',
  )
  addSegmentOptions(command).requiredOption(
    '--key <key>',
    'a primary key; as often as need be',
    (text: string, before: string[] | undefined) => [...(before ?? []), text],
  )
  return addPrintOptions(addVisibleOptions(command), {
    what: 'vectors',
    fallback: 'by their type',
  }).action((segment: bigint, _, run: Command) =>
    get(segment, run.optsWithGlobals<SegmentGetOptions>(), signal),
  )
}

async function get(id: bigint, options: SegmentGetOptions, signal: AbortSignal): Promise<void> {
  const format = outputFormatOf(options)
  if (options.where !== undefined) {
    throw new UsageError('Expected no --where beside --key: rows are asked for by their keys')
  }
  const target = await findSegment(id, options, signal)
  const schema = await schemaOf(target, options)
  const keys = keysOf(options.key, schema)
  const reader = await SegmentReader.open({
    ...readerOptionsOf(target, options),
    ...{ schema, signal },
    ...readOptionsFor(format),
  })
  try {
    const { table, missing } = await reader.get(keys)
    const source = new StorageSource(options)
    await printRows(rowsOfTable(table), options, { source, signal, cellOf: milvusCells(schema) })
    if (missing.length > 0) throw notFound(id, missing)
  } finally {
    await reader.close()
  }
}

function keysOf(texts: readonly string[], schema: CollectionSchema): PrimaryKey[] {
  const { name, dataType } = primaryKeyField(schema)
  if (dataType !== DataType.Int64) return [...texts]
  return texts.map((text) => {
    const key = /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined
    if (key !== undefined && BigInt.asIntN(64, key) === key) return key
    throw new UsageError(
      `Expected whole numbers for --key, as "${name}" has, but received "${text}"`,
    )
  })
}

function notFound(id: bigint, missing: readonly PrimaryKey[]): PackedError {
  const shown = missing.slice(0, SHOWN_KEYS).join(', ')
  const others = missing.length > SHOWN_KEYS ? ` and ${missing.length - SHOWN_KEYS} more` : ''
  return new PackedError(
    'NotFound',
    `Expected a row of every key in segment ${id} but received none of ${shown}${others}`,
  )
}
