import { parseExact } from '../../config/index.js'
import type { ColumnType } from './column-type.js'

/** What one value looks like; `vector <n>` is an array of n numbers. */
export type Shape = 'integer' | 'number' | 'boolean' | 'text' | 'nested' | `vector ${number}`

const INT64_LIMIT = 2n ** 63n
const NUMBER = /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$|^NaN$|^-?Infinity$/
/** No leading zeros: `007` and most postal codes are names, not numbers. */
const INTEGER = /^-?(?:0|[1-9]\d*)$/

/** The shape of a value of JSON; null has none. */
export function shapeOfJson(value: unknown): Shape | undefined {
  if (value === null || value === undefined) return undefined
  switch (typeof value) {
    case 'bigint':
      return value >= -INT64_LIMIT && value < INT64_LIMIT ? 'integer' : 'nested'
    case 'number':
      return Number.isSafeInteger(value) ? 'integer' : 'number'
    case 'boolean':
      return 'boolean'
    case 'string':
      return 'text'
  }
  const numbers = Array.isArray(value) && value.length > 0
  return numbers && value.every((item) => typeof item === 'number')
    ? `vector ${value.length}`
    : 'nested'
}

/** The shape of a CSV cell. */
export function shapeOfText(cell: unknown): Shape | undefined {
  if (typeof cell !== 'string') return undefined
  if (cell === 'true' || cell === 'false') return 'boolean'
  if (INTEGER.test(cell)) {
    return shapeOfJson(BigInt(cell)) === 'integer' ? 'integer' : 'text'
  }
  if (NUMBER.test(cell) && !/^-?0\d/.test(cell)) return 'number'
  if (!cell.startsWith('[')) return 'text'
  try {
    const shape = shapeOfJson(parseExact(cell))
    return shape?.startsWith('vector') ? shape : 'text'
  } catch {
    return 'text'
  }
}

/** The column type for the shapes that were seen; undefined when no one type holds them. */
export function typeOfShapes(shapes: ReadonlySet<Shape>): ColumnType | undefined {
  const scalar = (name: 'int64' | 'float64' | 'bool' | 'utf8'): ColumnType => ({
    kind: 'scalar',
    name,
    nullable: true,
  })
  const [first, second, ...more] = shapes
  if (first === undefined) return scalar('utf8')
  if (second !== undefined) {
    const numeric = more.length === 0 && shapes.has('integer') && shapes.has('number')
    return numeric ? scalar('float64') : undefined
  }
  switch (first) {
    case 'integer':
      return scalar('int64')
    case 'number':
      return scalar('float64')
    case 'boolean':
      return scalar('bool')
    case 'text':
      return scalar('utf8')
    case 'nested':
      return undefined
  }
  const dim = Number(first.slice('vector '.length))
  return { kind: 'vector', name: 'float32', dim, nullable: false }
}
