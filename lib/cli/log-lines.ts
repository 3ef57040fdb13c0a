import { stringifyExact } from '../config/index.js'
import { isPackedError } from '../errors/index.js'
import type { Logger } from '../telemetry/index.js'

/** Least important first, with the numbers that pino has for them. */
const LEVELS = { debug: 20, info: 30, warn: 40, error: 50, silent: 60 } as const

export type LogLevel = keyof typeof LEVELS
export const LOG_LEVELS = Object.keys(LEVELS) as readonly LogLevel[]

/** Lines as pino writes them, so that its tools read them, for whatever is important enough. */
export function logLines(least: LogLevel, write: (line: string) => void): Logger {
  const at = (level: LogLevel) => (fields: Readonly<Record<string, unknown>>, msg: string) => {
    if (LEVELS[level] < LEVELS[least]) return
    const plain = Object.entries(fields).map(([name, value]) => [name, plainOf(value)])
    const line = { level: LEVELS[level], time: Date.now(), ...Object.fromEntries(plain), msg }
    write(`${stringifyExact(line)}\n`)
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

/** Errors have no properties of their own that JSON would show. */
function plainOf(value: unknown): unknown {
  if (isPackedError(value)) return { type: value.code, message: value.message }
  if (value instanceof Error) return { type: value.name, message: value.message }
  return value
}
