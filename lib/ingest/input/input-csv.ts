import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CsvError, type Parser, parse } from 'csv-parse'
import { stringify } from 'csv-stringify/sync'
import { PackedError } from '../../errors/index.js'
import { fitText } from './fit-value.js'
import { shapeOfText } from './infer-type.js'
import { expectUtf8 } from './input-text.js'
import { type BadRow, type Row, type RowSource, rowNamer } from './row-source.js'

/** A record as csv-parse gives it with `info`. */
interface Parsed {
  info: { lines: number; bytes: number }
  record: (string | null)[]
}

/** A text that is read in pieces. */
export interface CsvText {
  path: string
  delimiter: string
  /** Byte at which a row begins; the header is read from the beginning in any case. */
  start: number
  open(offset: number): Promise<AsyncIterable<Uint8Array>>
}

/**
 * Comma- or tab-separated values under one header line, quoted as RFC 4180 has it. An empty
 * cell is a null, a quoted empty cell an empty text.
 */
export async function csvRows(text: CsvText): Promise<RowSource> {
  const { path, start, delimiter } = text
  const first = new Records(await text.open(0), text, 0)
  const names = await headerOf(first, path)
  if (start > 0) await first.close()
  const records = start === 0 ? first : new Records(await text.open(start), text, start)
  return {
    path,
    names,
    rows: readRows(records, names, text),
    isText: true,
    where: rowNamer(path, start),
    textOf: ({ record }) => textOf(Object.values(record), delimiter),
    shapeOf: shapeOfText,
    converter: fitText,
    mixed: { kind: 'scalar', name: 'utf8', nullable: true },
  }
}

async function headerOf(records: Records, path: string): Promise<string[]> {
  const header = await records.next()
  if (header === undefined || 'error' in header) {
    if (header !== undefined) throw header.error
    return []
  }
  const names = header.record.map((name) => name ?? '')
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated === undefined) return names
  const message = `Expected unique names in the header of ${path} but received "${repeated}" twice`
  throw new PackedError('InvalidData', message, { path, field: repeated })
}

/** The records of a text, and what was none where it stood. */
class Records {
  readonly #path: string
  readonly #start: number
  readonly #parser: Parser
  readonly #parsed: AsyncIterator<Parsed>
  /** csv-parse tells of them apart from the records. */
  readonly #skipped: BadRow[] = []
  /** Byte behind the last record. */
  end: number

  constructor(bytes: AsyncIterable<Uint8Array>, { path, delimiter }: CsvText, start: number) {
    this.#path = path
    this.#start = start
    this.end = start
    this.#parser = parse({
      bom: start === 0,
      delimiter,
      info: true,
      relax_column_count: true,
      skip_records_with_error: true,
      on_skip: (error) => void (error && this.#skip(error)),
      cast: (text, { quoting }) => (text === '' && !quoting ? null : text),
    })
    // What goes wrong in here also ends the loop over the parser.
    pipeline(Readable.from(expectUtf8(bytes, path)), this.#parser).catch(() => {})
    this.#parsed = this.#parser[Symbol.asyncIterator]() as AsyncIterator<Parsed>
  }

  async next(): Promise<(Parsed & { end: number }) | BadRow | undefined> {
    const { done, value } = await this.#parsed.next().catch((error: unknown) => {
      throw error instanceof CsvError ? this.#failure(error) : error
    })
    if (done) return this.#skipped.shift()
    this.end = this.#start + value.info.bytes
    return { ...value, end: this.end }
  }

  /** What was skipped since the last call. */
  skipped(): BadRow[] {
    return this.#skipped.splice(0)
  }

  async close(): Promise<void> {
    this.#parser.destroy()
    await this.#parsed.return?.()
  }

  /** How long a broken record is nobody knows: it is reported with the place before it. */
  #skip(error: CsvError): void {
    const { lines } = error as CsvError & { lines: number }
    const place = { line: lines, size: 0, end: this.end }
    const record = (error as CsvError & { record?: unknown[] }).record ?? []
    this.#skipped.push({ ...place, text: record.join(), error: this.#failure(error) })
  }

  #failure(error: CsvError): PackedError {
    const message = `Expected CSV in ${this.#path} but received: ${error.message}`
    return new PackedError('InvalidData', message, { path: this.#path, cause: error })
  }
}

async function* readRows(
  records: Records,
  names: readonly string[],
  { path, delimiter, start }: CsvText,
): AsyncGenerator<Row | BadRow> {
  const where = rowNamer(path, start)
  let before = records.end
  try {
    for (let next = await records.next(); next !== undefined; next = await records.next()) {
      yield* records.skipped()
      if ('error' in next) {
        yield next
        continue
      }
      const { info, record, end } = next
      const place = { line: info.lines, size: end - before, end }
      before = end
      if (record.length === names.length) {
        const cells = names.map((name, index) => [name, record[index]] as const)
        yield { ...place, record: Object.fromEntries(cells) }
      } else if (record.length > 1 || record[0] !== null) {
        const message =
          `Expected ${names.length} cells in ${where(place)} but received ` + `${record.length}`
        const error = new PackedError('InvalidData', message, { path })
        yield { ...place, text: textOf(record, delimiter), error }
      }
    }
  } finally {
    await records.close()
  }
}

function textOf(cells: readonly unknown[], delimiter: string): string {
  return stringify([cells], { delimiter, record_delimiter: '' })
}
