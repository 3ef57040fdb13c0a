import { createHash } from 'node:crypto'
import { inflateRawSync } from 'node:zlib'
import type { Type } from 'avsc'
import { describeValue } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { AvroCursor } from './avro-cursor.js'
import { MANIFEST_SCHEMA_TEXT, MANIFEST_TYPE, readingType, writtenType } from './avro-schema.js'
import { corrupted, decoding } from './corrupted.js'

const MAGIC = Buffer.from('Obj\x01', 'latin1')
const SYNC_BYTES = 16
/** A schema of a manifest has 2 KB; parsing one takes much more memory than its text. */
const MOST_SCHEMA_BYTES = 1 << 20
/** Of one deflated block: a manifest of a million files. */
const MOST_INFLATED_BYTES = 256 << 20
/** Codecs of the Avro specification that are not taken. */
const OTHER_CODECS = ['snappy', 'bzip2', 'xz', 'zstandard']

interface Header {
  magic: Buffer
  meta: Record<string, Buffer>
  sync: Buffer
}

const SYNC = { name: 'sync', type: { type: 'fixed', name: 'Sync', size: SYNC_BYTES } }

const HEADER_TYPE = readingType({
  type: 'record',
  name: 'Header',
  fields: [
    { name: 'magic', type: { type: 'fixed', name: 'Magic', size: MAGIC.length } },
    { name: 'meta', type: { type: 'map', values: 'bytes' } },
    SYNC,
  ],
})

const BLOCK_TYPE = readingType({
  type: 'record',
  name: 'Block',
  fields: [{ name: 'records', type: 'long' }, { name: 'data', type: 'bytes' }, SYNC],
})

/** A record, encoded by the schema that its file names. */
export interface AvroRecord {
  bytes: Buffer
  /** Type of {@link bytes}. */
  type: Type
  /** True where the schema is ours, letter by letter. */
  current: boolean
}

/** True for an Avro Object Container File. */
export function isAvroFile(bytes: Buffer): boolean {
  return bytes.subarray(0, MAGIC.length).equals(MAGIC)
}

/**
 * The container file of one record: null codec, one block. The sync marker, which other writers
 * draw, is made of the content unless it is given: the same record is the same bytes.
 */
export function encodeAvroFile(record: Buffer, marker?: Uint8Array): Buffer {
  const schema = Buffer.from(MANIFEST_SCHEMA_TEXT)
  const digest = () => createHash('sha256').update(schema).update(record).digest()
  const sync = Buffer.from(marker ?? digest().subarray(0, SYNC_BYTES))
  const meta = { 'avro.codec': Buffer.from('null'), 'avro.schema': schema }
  return Buffer.concat([
    HEADER_TYPE.toBuffer({ magic: MAGIC, meta, sync }),
    BLOCK_TYPE.toBuffer({ records: 1n, data: record, sync }),
  ])
}

/**
 * The one record of a container file, checked to its last byte against the file's schema.
 *
 * @throws PackedError MetadataCorrupted; NotSupported: a codec other than null and deflate.
 */
export function readAvroFile(bytes: Buffer, path: string | undefined): AvroRecord {
  const cursor = new AvroCursor(bytes, path)
  cursor.walk(HEADER_TYPE, 'the header')
  const header: Header = HEADER_TYPE.decode(bytes).value
  const schema = header.meta['avro.schema'] ?? Buffer.alloc(0)
  const current = schema.equals(Buffer.from(MANIFEST_SCHEMA_TEXT))
  const type = current ? CURRENT_TYPE : parseSchema(schema, path)
  const inflate = codecOf(header.meta['avro.codec'], path)
  const records: Buffer[] = []
  while (cursor.left > 0) {
    const count = cursor.long('the records of a block')
    const block = cursor.skip(cursor.length('a block'), 'a block')
    if (!cursor.skip(SYNC_BYTES, 'a sync marker').equals(header.sync)) {
      throw corrupted('the sync marker of the header behind each block', 'another', path)
    }
    if (count !== 0n && (count !== 1n || records.length > 0)) {
      throw corrupted('one record', `a block of ${count} after ${records.length}`, path)
    }
    const data = inflate(block)
    if (count === 1n) records.push(data)
    else if (data.length > 0) throw corrupted('an empty block', `${data.length} bytes`, path)
  }
  if (records[0] === undefined) throw corrupted('one record', 'none', path)
  checkRecord(new AvroCursor(records[0], path), type, path)
  return { bytes: records[0], type, current }
}

const CURRENT_TYPE = writtenType(JSON.parse(MANIFEST_SCHEMA_TEXT))

/** A value from the cursor's position to the end of its bytes. */
export function checkRecord(cursor: AvroCursor, type: Type, path: string | undefined): void {
  cursor.walk(type, 'the record')
  if (cursor.left === 0) return
  throw corrupted('nothing behind the record', `${cursor.left} bytes`, path)
}

/** The value of a checked record, as `type` has it: fields by name, absent ones by their default. */
export function resolveRecord(record: AvroRecord, type: Type, path: string | undefined): unknown {
  return decoding('a schema of manifests', path, () => {
    if (record.current && type === MANIFEST_TYPE) return type.fromBuffer(record.bytes)
    return type.fromBuffer(record.bytes, type.createResolver(record.type))
  })
}

function parseSchema(schema: Buffer, path: string | undefined): Type {
  if (schema.length === 0 || schema.length > MOST_SCHEMA_BYTES) {
    const expected = `a schema of 1 to ${MOST_SCHEMA_BYTES} bytes`
    throw corrupted(expected, `${schema.length} bytes`, path)
  }
  return decoding('an Avro schema', path, () => writtenType(JSON.parse(schema.toString())))
}

function codecOf(name: Buffer | undefined, path: string | undefined): (block: Buffer) => Buffer {
  const codec = name?.toString() ?? 'null'
  if (codec === 'null') return (block) => block
  if (codec === 'deflate') return (block) => inflateBlock(block, path)
  if (OTHER_CODECS.includes(codec)) {
    const place = path === undefined ? 'a manifest' : `the manifest ${path}`
    const message = `Expected the codec null or deflate for ${place} but received ${codec}`
    throw new PackedError('NotSupported', message, { path })
  }
  throw corrupted('a codec of Avro', describeValue(codec), path)
}

function inflateBlock(block: Buffer, path: string | undefined): Buffer {
  return decoding('deflated bytes', path, () =>
    inflateRawSync(block, { maxOutputLength: MOST_INFLATED_BYTES }),
  )
}
