import { callAsync, type NativeGroupResult, type WriterHandle } from '../native/index.js'
import { parseQuantization } from './quantization.js'
import type { ColumnGroupResult, PackedWriteResult } from './writer-options.js'
import type { WriterSettings } from './writer-settings.js'

type Facts = Pick<WriterSettings, 'groups' | 'levels' | 'quantized'>

/** What a writer that has finished has made, in the words of its options. */
export async function resultOf(
  native: WriterHandle,
  settings: Facts,
  results: readonly NativeGroupResult[],
): Promise<PackedWriteResult> {
  const groups = results.map((result, index) => groupResult(settings, result, index))
  const rows = groups[0]?.rows ?? 0
  if (!settings.quantized) return { rows, groups }
  const description = await callAsync<string>((addon, done) =>
    addon.writerQuantization(native, done),
  )
  return { rows, groups, quantized: parseQuantization(description) }
}

function groupResult(settings: Facts, result: NativeGroupResult, index: number): ColumnGroupResult {
  const { path, fields, fieldIds } = settings.groups[index]!
  const { nullCounts, columns, ...figures } = result
  const levels = settings.levels?.[index]
  return {
    ...figures,
    path,
    fields,
    fieldIds,
    nullCounts: Object.fromEntries(nullCounts.map(({ field, nulls }) => [field, nulls])),
    columns: Object.fromEntries(columns.map(({ field, ...facts }) => [field, facts])),
    ...(levels === undefined ? {} : { levels }),
  }
}
