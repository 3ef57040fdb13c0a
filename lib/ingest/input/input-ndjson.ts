import { parseExact } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import { fitJson } from './fit-value.js'
import { shapeOfJson } from './infer-type.js'
import type { Row, RowSource } from './input-rows.js'
import { decodeText, splitLines } from './input-text.js'

/** One JSON object per line; blank lines are passed over. */
export function ndjsonRows(bytes: AsyncIterable<Uint8Array>, path: string): RowSource {
  const rows = readRows(bytes, path)
  return { path, names: [], rows, shapeOf: shapeOfJson, converter: fitJson }
}

async function* readRows(bytes: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Row> {
  let line = 0
  for await (const text of splitLines(decodeText(bytes, path))) {
    line++
    if (text.trim() !== '') {
      yield { line, size: text.length, record: parseObject(text, line, path) }
    }
  }
}

function parseObject(text: string, line: number, path: string): Row['record'] {
  let value: unknown
  try {
    value = parseExact(text)
  } catch (error) {
    const message = `Expected JSON in line ${line} of ${path} but received: ${(error as Error).message}`
    throw new PackedError('InvalidData', message, { path, cause: error })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Row['record']
  }
  const message = `Expected a JSON object in line ${line} of ${path} but received ${text.slice(0, 60)}`
  throw new PackedError('InvalidData', message, { path })
}
