import { readFile } from 'node:fs/promises'
import { isPackedError, PackedError } from '../../errors/index.js'
import { errnoOf } from '../storage-error.js'

const VERSION = 1

/** One file of a set, and how far its upload is. */
export interface SpoolFile {
  /** Name in the folder of the set. */
  name: string
  /** As the caller gave it. */
  path: string
  /** Whole key in the bucket. */
  key: string
  /** 0 until the set is sealed. */
  sizeBytes: number
  partBytes: number
  /** The store was asked for an upload. */
  asked?: boolean
  /** Its name in the store. */
  upload?: string
  /** The object is at its key. */
  published?: boolean
}

/**
 * What is to become of the files of one writer. Nothing in it is secret: the credentials come from
 * whoever goes on with it.
 */
export interface SpoolRecord {
  version: typeof VERSION
  /** `ObjectStore.name` of the store that the files belong to. */
  store: string
  createdMs: number
  ifAbsent: boolean
  /** Every file is written to its end. */
  sealed: boolean
  /** Objects may be at their keys. */
  publishing: boolean
  /** The writer was aborted: what is there is to be removed. */
  unwanted: boolean
  files: SpoolFile[]
}

/** A record without any upload. */
export function newRecord(facts: Pick<SpoolRecord, 'store' | 'ifAbsent' | 'files'>): SpoolRecord {
  const flags = { sealed: false, publishing: false, unwanted: false }
  return { version: VERSION, createdMs: Date.now(), ...flags, ...facts }
}

const FLAGS = ['ifAbsent', 'sealed', 'publishing', 'unwanted'] as const

function isFile(value: unknown): value is SpoolFile {
  const { name, path, key, sizeBytes, partBytes, upload } = (value ?? {}) as Partial<SpoolFile>
  return (
    // A record that somebody edited must not lead out of its folder.
    typeof name === 'string' &&
    /^\d+$/.test(name) &&
    [path, key].every((text) => typeof text === 'string') &&
    Number.isSafeInteger(sizeBytes) &&
    Number.isSafeInteger(partBytes) &&
    partBytes! > 0 &&
    (upload === undefined || typeof upload === 'string')
  )
}

function isRecord(value: unknown): value is SpoolRecord {
  const record = (value ?? {}) as Partial<SpoolRecord>
  return (
    record.version === VERSION &&
    typeof record.store === 'string' &&
    Number.isSafeInteger(record.createdMs) &&
    FLAGS.every((flag) => typeof record[flag] === 'boolean') &&
    Array.isArray(record.files) &&
    record.files.every(isFile)
  )
}

/**
 * Read a record; undefined where none was written yet.
 *
 * @throws PackedError MetadataCorrupted.
 */
export async function readRecord(file: string): Promise<SpoolRecord | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'))
    if (isRecord(value)) return value
    throw corrupted(file, 'something else')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined
    if (isPackedError(error) || errnoOf(error) !== undefined) throw error
    throw corrupted(file, 'text that is no JSON', error)
  }
}

function corrupted(file: string, received: string, cause?: unknown): PackedError {
  const message = `Expected a record of spooled files in "${file}" but received ${received}`
  return new PackedError('MetadataCorrupted', message, { path: file, cause })
}
