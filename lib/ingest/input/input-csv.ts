import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type CsvError, parse } from 'csv-parse'
import { PackedError } from '../../errors/index.js'
import { fitText } from './fit-value.js'
import { shapeOfText } from './infer-type.js'
import type { Row, RowSource } from './input-rows.js'
import { decodeText } from './input-text.js'

/** A record as csv-parse gives it with `info`. */
interface Parsed {
  info: { lines: number; bytes: number }
  record: (string | null)[]
}

/**
 * Comma- or tab-separated values under one header line, quoted as RFC 4180 has it. An empty
 * cell is a null, a quoted empty cell an empty text.
 */
export async function csvRows(
  bytes: AsyncIterable<Uint8Array>,
  path: string,
  delimiter: string,
): Promise<RowSource> {
  const records = readRecords(bytes, path, delimiter)
  const header = await records.next()
  const names = header.done ? [] : header.value.record.map((name) => name ?? '')
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) {
    const message = `Expected unique names in the header of ${path} but received "${repeated}" twice`
    throw new PackedError('InvalidData', message, { path, field: repeated })
  }
  return {
    path,
    names,
    rows: readRows(records, names, path),
    shapeOf: shapeOfText,
    converter: fitText,
    mixed: { kind: 'scalar', name: 'utf8', nullable: true },
  }
}

async function* readRecords(
  bytes: AsyncIterable<Uint8Array>,
  path: string,
  delimiter: string,
): AsyncGenerator<Parsed> {
  const parser = parse({
    bom: true,
    delimiter,
    info: true,
    relax_column_count: true,
    cast: (text, { quoting }) => (text === '' && !quoting ? null : text),
  })
  const source = Readable.from(decodeText(bytes, path))
  // What goes wrong in here also ends the loop over the parser.
  pipeline(source, parser).catch(() => {})
  try {
    for await (const parsed of parser) yield parsed as Parsed
  } catch (error) {
    if (!(error as CsvError).code?.startsWith('CSV_')) throw error
    const message = `Expected CSV in ${path} but received: ${(error as Error).message}`
    throw new PackedError('InvalidData', message, { path, cause: error })
  }
}

async function* readRows(
  records: AsyncGenerator<Parsed>,
  names: readonly string[],
  path: string,
): AsyncGenerator<Row> {
  let bytesBefore = 0
  for await (const { info, record } of records) {
    const blank = record.length === 1 && record[0] === null && names.length > 1
    if (!blank && record.length !== names.length) {
      throw new PackedError(
        'InvalidData',
        `Expected ${names.length} cells in line ${info.lines} of ${path} but received ` +
          `${record.length}`,
        { path },
      )
    }
    const size = info.bytes - bytesBefore
    bytesBefore = info.bytes
    if (blank) continue
    const cells = names.map((name, index) => [name, record[index]] as const)
    yield { line: info.lines, size, record: Object.fromEntries(cells) }
  }
}
