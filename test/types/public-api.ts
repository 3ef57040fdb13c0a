/** Facts about the public types; checked by tsc, never run. */
import type { RecordBatch, Schema, Table } from 'apache-arrow'
import {
  type BatchInput,
  type BitsMatrix,
  isPackedError,
  type PackedErrorCode,
  PackedReader,
  type PackedWriteResult,
  PackedWriter,
  toVectorColumn,
  type VectorMatrix,
  vectorsOf,
} from '../../lib/index.js'
import { expectType, type Same } from './expect-type.js'

declare const schema: Schema
declare const batch: RecordBatch
declare const table: Table
declare const caught: unknown

export async function writer(): Promise<void> {
  await using opened = await PackedWriter.open({ schema, directory: 'seg', groups: 'milvus' })
  await opened.write(batch)
  await opened.write(table, { copy: true })
  await opened.write({ array: 1n, schema: 2n })
  await opened.writeAll([batch, table])
  const result = await opened.finish()
  expectType<Same<typeof result, PackedWriteResult>>()
  expectType<Same<(typeof result.groups)[number]['id'], bigint>>()
  expectType<Same<(typeof result.groups)[number]['rows'], number>>()
  expectType<Same<Parameters<typeof opened.write>[0], BatchInput>>()

  // @ts-expect-error -- a misspelled option
  await PackedWriter.open({ schema, directory: 'seg', bufferSize: 1 })
  // @ts-expect-error -- encryption needs a key and what finds it again
  await PackedWriter.open({ schema, directory: 'seg', encryption: {} })
  // @ts-expect-error -- no such codec
  await PackedWriter.open({ schema, directory: 'seg', compression: 'zip' })
  // @ts-expect-error -- a schema is needed
  await PackedWriter.open({ directory: 'seg' })
  // @ts-expect-error -- rows are not batches
  await opened.write([{ id: 1 }])
}

export async function reader(): Promise<void> {
  await using opened = await PackedReader.open({ paths: ['a'], columns: ['id', 100, 101n] })
  for await (const one of opened) expectType<Same<typeof one, RecordBatch>>()
  const next = await opened.readNext()
  expectType<Same<typeof next, RecordBatch | null>>()
  expectType<Same<typeof opened.metadata, ReadonlyMap<string, string>>>()

  // @ts-expect-error -- not built yet
  await PackedReader.open({ paths: ['a'], filter: [] })
  // @ts-expect-error -- one path is an array of one
  await PackedReader.open({ paths: 'a' })
}

export function vectors(): void {
  const any = vectorsOf(batch, 'v')
  expectType<Same<typeof any, VectorMatrix>>()
  if (any.element === 'float32') expectType<Same<typeof any.data, Float32Array>>()
  const int8 = vectorsOf(batch, 'v', { element: 'int8' })
  expectType<Same<typeof int8.data, Int8Array>>()
  const decoded = vectorsOf(batch, 'v', { element: 'bfloat16' })
  expectType<Same<typeof decoded.data, Float32Array>>()
  const bits = vectorsOf(batch, 'v', { element: 'float16', as: 'bits' })
  expectType<Same<typeof bits, BitsMatrix>>()
  toVectorColumn(new Float32Array(4), 2)
  // @ts-expect-error -- no vectors of doubles
  toVectorColumn(new Float64Array(4), 2)
}

export function errors(): string | undefined {
  if (!isPackedError(caught)) return undefined
  expectType<Same<typeof caught.code, PackedErrorCode>>()
  // @ts-expect-error -- codes are a closed union
  return caught.code === 'Busy' ? caught.path : caught.field
}
