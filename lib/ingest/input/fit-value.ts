import { parseExact, stringifyExact } from '../../config/index.js'
import type { ColumnType } from './column-type.js'

/** A value as its column holds it, or undefined when it does not fit. Nulls never come here. */
export type Convert = (value: unknown) => unknown

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const INTEGER = /^-?\d+$/
const NON_FINITE: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity'])

function fitInteger(bits: number): Convert {
  const limit = 2n ** BigInt(bits - 1)
  return (value) => {
    const integer = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
    if (typeof integer !== 'bigint' || integer < -limit || integer >= limit) return undefined
    return bits === 64 ? integer : Number(integer)
  }
}

/** A double that is the very number; a long integer has to be one exactly. */
function fitDouble(value: unknown): number | undefined {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isFinite(number) && BigInt(number) === value ? number : undefined
  }
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** Rounded to float32, as everybody expects of 0.1; but never to infinity. */
function fitSingle(value: unknown): number | undefined {
  const number = fitDouble(value)
  return number !== undefined && Number.isFinite(Math.fround(number)) ? number : undefined
}

function fitBytes(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'string' || !BASE64.test(value)) return undefined
  return Buffer.from(value, 'base64')
}

function fitElements(dim: number, element: Convert): Convert {
  return (value) => {
    if (!Array.isArray(value) || value.length !== dim) return undefined
    return value.every((item) => element(item) !== undefined) ? value : undefined
  }
}

/** How a value of JSON goes into a column. Binary is base64. */
export function fitJson(type: ColumnType): Convert {
  if (type.kind === 'vector') {
    switch (type.name) {
      case 'float32':
        return fitElements(type.dim, fitSingle)
      case 'int8':
        return fitElements(type.dim, fitInteger(8))
      case 'binary':
        return (value) => {
          const bytes = fitBytes(value)
          return bytes?.length === type.dim ? bytes : undefined
        }
    }
  }
  switch (type.name) {
    case 'bool':
      return (value) => (typeof value === 'boolean' ? value : undefined)
    case 'utf8':
      return (value) => (typeof value === 'string' ? value : undefined)
    case 'json':
      return (value) => stringifyExact(value)
    case 'binary':
      return fitBytes
    case 'float32':
      return fitSingle
    case 'float64':
      return fitDouble
    default:
      return fitInteger(Number(type.name.slice('int'.length)))
  }
}

/** How the text of a CSV cell goes into a column. */
export function fitText(type: ColumnType): Convert {
  const convert = fitJson(type)
  if (type.kind === 'vector') return type.name === 'binary' ? convert : throughJson(convert)
  switch (type.name) {
    case 'utf8':
    case 'binary':
      return convert
    case 'json':
      return (text) => (throughJson(convert)(text) === undefined ? undefined : text)
    case 'bool':
      return (text) => (text === 'true' ? true : text === 'false' ? false : undefined)
    case 'float32':
    case 'float64':
      return (text) => {
        if (NON_FINITE.has(String(text))) return Number(text)
        return DECIMAL.test(String(text)) ? convert(Number(text)) : undefined
      }
    default:
      return (text) => (INTEGER.test(String(text)) ? convert(BigInt(String(text))) : undefined)
  }
}

function throughJson(convert: Convert): Convert {
  return (text) => {
    try {
      return convert(parseExact(String(text)))
    } catch {
      return undefined
    }
  }
}
