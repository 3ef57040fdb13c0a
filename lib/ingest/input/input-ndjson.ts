import { parseExact, stringifyExact } from '../../config/index.js'
import { isPackedError, PackedError } from '../../errors/index.js'
import { fitJson } from './fit-value.js'
import { shapeOfJson } from './infer-type.js'
import { splitLines, TextReader } from './input-text.js'
import { type BadRow, type Row, type RowSource, rowNamer } from './row-source.js'

const BYTE_ORDER_MARK = '\ufeff'
const SHOWN = 60

/**
 * One JSON object per line; blank lines are passed over.
 *
 * @param bytes of the file from byte `start` on, where a line begins.
 */
export function ndjsonRows(
  bytes: AsyncIterable<Uint8Array>,
  path: string,
  start: number,
): RowSource {
  const where = rowNamer(path, start)
  return {
    path,
    names: [],
    rows: readRows(bytes, { path, start, where }),
    isText: false,
    where,
    textOf: ({ record }) => stringifyExact(record),
    shapeOf: shapeOfJson,
    converter: fitJson,
  }
}

/** What is read, for errors. */
interface Origin {
  path: string
  start: number
  where: RowSource['where']
}

async function* readRows(
  bytes: AsyncIterable<Uint8Array>,
  origin: Origin,
): AsyncGenerator<Row | BadRow> {
  const reader = new TextReader()
  let line = 0
  let end = origin.start
  for await (const { bytes: content, size } of splitLines(bytes)) {
    line++
    end += size
    const place = { line, size, end }
    let text = content.toString('latin1')
    try {
      text = reader.read(content, origin.where(place))
      if (end === size && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1)
      if (text.trim() !== '') {
        yield { ...place, record: parseObject(text, origin.where(place), origin.path) }
      }
    } catch (error) {
      if (!isPackedError(error)) throw error
      yield { ...place, text, error }
    }
  }
}

function parseObject(text: string, where: string, path: string): Row['record'] {
  let value: unknown
  try {
    value = parseExact(text)
  } catch (error) {
    const message = `Expected JSON in ${where} but received: ${(error as Error).message}`
    throw new PackedError('InvalidData', message, { path, cause: error })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Row['record']
  }
  const message = `Expected a JSON object in ${where} but received ${text.slice(0, SHOWN)}`
  throw new PackedError('InvalidData', message, { path })
}
