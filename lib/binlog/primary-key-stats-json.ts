import { expectList, expectObject, parseExact } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { DataType } from '../schema/index.js'
import { PrimaryKeyStats } from './primary-key-stats.js'
import {
  type BloomParts,
  PrimaryKeyFilter,
  type PrimaryKeyFilterKind,
} from './primary-key-stats-filter.js'
import type { PrimaryKey, PrimaryKeyType } from './primary-key-stats-keys.js'

/** `bfType` of Milvus's `bloomfilter.BFType`. */
const BF_TYPE: Record<PrimaryKeyFilterKind, number> = { alwaysTrue: 2, basic: 3, blocked: 4 }

/** One block of a blocked filter; each is a text of its own. */
const BLOCK_BYTES = 64

/**
 * The bytes of a statistics file of one batch of rows (`stats_log/…/{logID}`): one JSON object,
 * keys in Milvus's order.
 *
 * The legacy members `max` and `min` are 0, as Milvus writes them: old readers want them there.
 */
export function serializePrimaryKeyStats(stats: PrimaryKeyStats): Uint8Array {
  return Buffer.from(statsText(stats))
}

/**
 * The bytes of a merged file (`stats_log/…/1`): a JSON array of what every batch had.
 *
 * @throws PackedError InvalidArgument.
 */
export function serializeMergedPrimaryKeyStats(list: readonly PrimaryKeyStats[]): Uint8Array {
  return Buffer.from(`[${expectList(list, 'list').map(statsText).join(',')}]`)
}

/**
 * The statistics in the text of a file, one or merged, as leniently as Milvus reads them: no
 * `pkType` is Int64, no `bfType` is basic, `maxPk` and `minPk` go before `max` and `min`, and a
 * filter that is missing, unknown or damaged holds every key.
 *
 * @throws PackedError FileCorrupted naming the member.
 */
export function primaryKeyStatsFromJson(text: string): PrimaryKeyStats[] {
  let parsed: unknown
  try {
    parsed = parseExact(text)
  } catch (cause) {
    throw new PackedError('FileCorrupted', `Expected JSON for statistics but received: ${cause}`, {
      cause,
    })
  }
  return (Array.isArray(parsed) ? parsed : [parsed]).map(statsOf)
}

function statsText(stats: PrimaryKeyStats): string {
  expectObject(stats, 'stats')
  const { fieldId, pkType, min, max, filter } = stats
  const bf = filterText(filter)
  return (
    `{"fieldID":${fieldId},"max":0,"min":0,"bfType":${BF_TYPE[filter.kind]},"bf":${bf},` +
    `"pkType":${pkType},"maxPk":${keyText(max)},"minPk":${keyText(min)}}`
  )
}

function keyText(key: PrimaryKey | undefined): string {
  if (key === undefined) return 'null'
  return typeof key === 'bigint' ? String(key) : goString(key)
}

/** A JSON string with what Go escapes besides. */
function goString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function filterText(filter: PrimaryKeyFilter): string {
  const parts = filter.parts()
  if (parts === undefined) return '{}'
  const { kind, k, bits, bytes } = parts
  if (kind === 'basic') return `{"m":${bits},"k":${k},"b":"${base64(bytes)}"}`
  const blocks: string[] = []
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    blocks.push(base64(bytes.subarray(at, at + BLOCK_BYTES)))
  }
  return `{"k":${k},"b":["${blocks.join('","')}"]}`
}

/** base64url with the padding that Node leaves away. */
function base64(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url')
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=')
}

type Members = Record<string, unknown>

function statsOf(value: unknown): PrimaryKeyStats {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw unreadable('an object', 'primary-key statistics', value)
  }
  const members = value as Members
  const fieldId = integerMember(members, 'fieldID')
  if (fieldId === undefined) throw unreadable('an integer', 'fieldID', undefined)
  const pkType = pkTypeOf(integerMember(members, 'pkType'))
  const bound = pkType === DataType.Int64 ? integerBound : textBound
  return new PrimaryKeyStats({
    fieldId,
    pkType,
    min: bound(members, 'min'),
    max: bound(members, 'max'),
    filter: filterOf(members.bf, members.bfType ?? BF_TYPE.basic),
  })
}

function pkTypeOf(stored: bigint | undefined): PrimaryKeyType {
  if (stored === undefined || stored <= 0n) return DataType.Int64
  const known = ([DataType.Int64, DataType.VarChar] as const).find(
    (type) => BigInt(type) === stored,
  )
  if (known === undefined) {
    throw unreadable(`${DataType.Int64} or ${DataType.VarChar}`, 'pkType', stored)
  }
  return known
}

function integerBound(members: Members, name: 'min' | 'max'): bigint | undefined {
  return integerMember(members, `${name}Pk`) ?? integerMember(members, name)
}

function textBound(members: Members, name: 'min' | 'max'): string | undefined {
  const value = members[`${name}Pk`] ?? undefined
  if (value === undefined || typeof value === 'string') return value
  throw unreadable('a string', `${name}Pk`, value)
}

/** An int64; undefined where it is missing or null. */
function integerMember(members: Members, name: string): bigint | undefined {
  const value = members[name] ?? undefined
  if (value === undefined) return undefined
  const exact = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof exact === 'bigint' && BigInt.asIntN(64, exact) === exact) return exact
  throw unreadable('a 64-bit integer', name, value)
}

function filterOf(bf: unknown, bfType: unknown): PrimaryKeyFilter {
  const parts = partsOf((bf ?? {}) as Members, bfType)
  if (parts === undefined) return PrimaryKeyFilter.alwaysTrue()
  try {
    return PrimaryKeyFilter.fromParts(parts)
  } catch {
    return PrimaryKeyFilter.alwaysTrue()
  }
}

/** Undefined for what is no filter; numbers and lengths are left to whoever opens it. */
function partsOf({ k, m, b }: Members, bfType: unknown): BloomParts | undefined {
  if (typeof k !== 'number') return undefined
  if (bfType === BF_TYPE.basic && typeof m === 'number' && typeof b === 'string') {
    return { kind: 'basic', k, bits: m, bytes: Buffer.from(b, 'base64url') }
  }
  if (bfType !== BF_TYPE.blocked || !Array.isArray(b)) return undefined
  const bytes = new Uint8Array(b.length * BLOCK_BYTES)
  for (const [index, text] of b.entries()) {
    const block = typeof text === 'string' ? Buffer.from(text, 'base64url') : undefined
    if (block?.length !== BLOCK_BYTES) return undefined
    bytes.set(block, index * BLOCK_BYTES)
  }
  return { kind: 'blocked', k, bits: bytes.length * 8, bytes }
}

function unreadable(expected: string, name: string, value: unknown): PackedError {
  const received = typeof value === 'object' && value !== null ? 'an object' : String(value)
  return new PackedError(
    'FileCorrupted',
    `Expected ${expected} for ${name} but received ${received}`,
  )
}
