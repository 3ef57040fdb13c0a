import { unexpected } from './expect.js'

const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  K: 2 ** 10,
  M: 2 ** 20,
  G: 2 ** 30,
}

/** `true` or `false`, in any case of letters. */
export function flagOfText(text: string, name: string): boolean {
  if (/^(?:true|false)$/i.test(text)) return text.toLowerCase() === 'true'
  throw unexpected('true or false', name, text)
}

export function integerOfText(text: string, name: string): number {
  if (/^-?\d+$/.test(text)) return Number(text)
  throw unexpected('an integer', name, text)
}

/** A decimal number, as YAML and JSON write it. */
export function numberOfText(text: string, name: string): number {
  if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text)) return Number(text)
  throw unexpected('a number', name, text)
}

/** Bytes: a plain number, or one with K, M or G of 1024: `64K`, `64KB` and `64KiB` are one. */
export function bytesOfText(text: string, name: string): number {
  const [, count, unit] = /^(\d+) ?(?:([KMG])(?:i?B)?|B)?$/i.exec(text) ?? []
  if (count !== undefined) return Number(count) * UNIT_BYTES[unit?.toUpperCase() ?? '']!
  throw unexpected('bytes such as 1048576, 64KiB or 1MB', name, text)
}
