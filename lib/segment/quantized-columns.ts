import { pathOfLog } from '../binlog/index.js'
import { PackedError } from '../errors/index.js'
import { inspectFile, type QuantizedField, quantizationOf } from '../packed/index.js'
import { allFields, type CollectionSchema, DataType, fieldIdOf } from '../schema/index.js'
import { mapBounded } from '../storage/index.js'
import {
  resolveSegmentReader,
  type SegmentReaderOptions,
  type SegmentReaderSettings,
} from './segment-reader-options.js'
import { openSource, type SegmentSource } from './segment-source.js'

/** Footers that are read at a time. */
const MOST_READS = 16

/** How a file has a field of codes: as described, or as numbers that nobody says anything of. */
interface Found {
  readonly fieldId: bigint
  readonly path: string
  readonly described: QuantizedField | undefined
}

/**
 * What the files of a segment say of the columns that are codes of quantized vectors and come out
 * as such, which are Int8Vector in the schema: what a writer of the same rows takes as `quantized`.
 * Where the schema has such a field, a footer of every chunk is read.
 *
 * @throws PackedError NotSupported (files that say different things of one field: together they
 *   could not be decoded), InvalidSchema (the schema has no field for the scales), and what reading
 *   throws.
 */
export async function quantizedColumns(options: SegmentReaderOptions): Promise<QuantizedField[]> {
  const settings = await resolveSegmentReader(options)
  const codes = codesIn(settings.schema)
  if (codes.size === 0) return []
  const found = await findCodes(await openSource(settings), settings, codes)
  const fields = mergeQuantized(found)
  for (const field of fields) expectScales(settings.schema, field)
  return fields
}

/** Descriptions of one field as one. @throws PackedError NotSupported where they do not agree. */
function mergeQuantized(found: readonly Found[]): QuantizedField[] {
  const merged = new Map<bigint, Found>()
  for (const one of found) {
    const { described } = one
    const known = merged.get(one.fieldId)
    if (known === undefined) merged.set(one.fieldId, one)
    else if (decodingOf(known.described) !== decodingOf(described)) throw unlike(known, one)
    else if (known.described !== undefined && described !== undefined) {
      const maxError = Math.max(known.described.maxError, described.maxError)
      merged.set(one.fieldId, { ...known, described: { ...known.described, maxError } })
    }
  }
  return [...merged.values()].flatMap(({ described }) => described ?? [])
}

/** What fields have to have in common that become one; `''` for no quantized field. */
export function decodingOf(field: QuantizedField | undefined): string {
  if (field === undefined) return ''
  const { fieldId, source, dim, scale, scaleFieldId, scaleValue } = field
  return [fieldId, source.fieldId, dim, scale, scaleFieldId ?? scaleValue].join(' ')
}

function codesIn(schema: CollectionSchema): ReadonlySet<bigint> {
  const fields = allFields(schema).filter(({ dataType }) => dataType === DataType.Int8Vector)
  return new Set(fields.map(({ fieldId }) => fieldId))
}

async function findCodes(
  { parts }: SegmentSource,
  settings: SegmentReaderSettings,
  codes: ReadonlySet<bigint>,
): Promise<Found[]> {
  const found: Found[] = []
  const paths: string[] = []
  for (const part of parts) {
    if (part.storageVersion === 3) {
      const { manifest, idOf } = part
      const groups = manifest.columnGroups.filter(({ columns }) =>
        columns.some((column) => codes.has(idOf(column) ?? -1n)),
      )
      paths.push(...groups.flatMap(({ files }) => files.map(({ path }) => path)))
      continue
    }
    for (const list of part.binlogs) {
      const logs = list.binlogs.map((log) => pathOfLog(list, log, settings.location))
      const { childFields, fieldId } = list
      if (part.storageVersion === 2) {
        if (childFields.length === 0 || childFields.some((id) => codes.has(id))) paths.push(...logs)
      } else if (codes.has(fieldId)) {
        found.push(...logs.map((path) => ({ fieldId, path, described: undefined })))
      }
    }
  }
  const ofFiles = await mapBounded(paths, MOST_READS, (path) => codesOfFile(path, settings, codes))
  return [...found, ...ofFiles.flat()]
}

async function codesOfFile(
  path: string,
  { storage, passedOn, signal }: SegmentReaderSettings,
  codes: ReadonlySet<bigint>,
): Promise<Found[]> {
  signal?.throwIfAborted()
  const { keyRetriever } = passedOn
  const keys = keyRetriever === undefined ? {} : { keyRetriever }
  const { schema, metadata } = await inspectFile(path, { storage, ...keys })
  const described = quantizationOf(metadata)
  return schema.fields.flatMap((field) => {
    const fieldId = fieldIdOf(field)
    if (fieldId === undefined || !codes.has(fieldId)) return []
    return [{ fieldId, path, described: described.find((one) => one.fieldId === fieldId) }]
  })
}

function expectScales(schema: CollectionSchema, { name, scaleFieldId }: QuantizedField): void {
  if (scaleFieldId === undefined) return
  const scales = allFields(schema).find(({ fieldId }) => fieldId === scaleFieldId)
  if (scales?.dataType === DataType.Float) return
  const received = scales === undefined ? 'none' : `"${scales.name}"`
  const message = `Expected a Float field of id ${scaleFieldId}, the scales of "${name}", in the schema but received ${received}: without it nobody could decode the vectors`
  throw new PackedError('InvalidSchema', message, { field: name })
}

function unlike(left: Found, right: Found): PackedError {
  const textOf = ({ described, path }: Found): string => {
    const how =
      described === undefined
        ? 'no scale'
        : described.scale === 'vector'
          ? `scales in field ${described.scaleFieldId}`
          : `the scale ${described.scaleValue}`
    return `${how} in "${path}"`
  }
  const message = `Expected codes of field ${left.fieldId} that are decoded alike, to write them together, but received ${textOf(left)} and ${textOf(right)}`
  return new PackedError('NotSupported', message, { path: right.path })
}
