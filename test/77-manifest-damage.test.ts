/** Damaged manifests end in a manifest or a PackedError: never in a crash, a hang or much memory. */
import { deflateRawSync } from 'node:zlib'
import { PackedError } from '../lib/errors/index.js'
import { decodeManifest, decodeManifestJson, encodeManifest } from '../lib/manifest/index.js'
import { hasLoon } from './support/fixtures'
import {
  array,
  container,
  FIRST_SCHEMA,
  field,
  long,
  raw,
  recordOf,
} from './support/manifest-bytes'
import { fullManifest, realManifest } from './support/manifests'

/** The code of what is thrown; anything but a PackedError that names the path fails the test. */
function outcome(bytes: Uint8Array): string {
  try {
    const { columnGroups, stats } = decodeManifest(bytes, 'seg', 'm')
    return Array.isArray(columnGroups) && typeof stats === 'object' ? 'manifest' : 'no manifest'
  } catch (error) {
    if (error instanceof PackedError && error.path === 'm') return error.code
    throw error
  }
}

const corrupted = (message: RegExp) =>
  expect.objectContaining({
    code: 'MetadataCorrupted',
    path: 'm',
    message: expect.stringMatching(message),
  })

const OURS = Buffer.from(encodeManifest(fullManifest('seg'), 'seg'))

/** With the first byte to flip bits of: the schema in ours is the same as in the real one. */
const REAL: [string, Buffer, number][] = hasLoon("damaged manifests of Milvus's own")
  ? [["Milvus's own", realManifest(2).bytes, 0]]
  : []
const WHOLE: [string, Buffer, number][] = [
  ...REAL,
  ['ours', OURS, OURS.lastIndexOf(']}') + 2],
  ['a raw one', raw(6), 0],
]

describe.each(WHOLE)('%s', (_, whole, first) => {
  test('is refused at every other length', () => {
    for (let length = 0; length < whole.length; length += 1) {
      expect([length, outcome(whole.subarray(0, length))]).toEqual([length, 'MetadataCorrupted'])
    }
    expect(outcome(whole)).toBe('manifest')
    expect(outcome(Buffer.concat([whole, Buffer.alloc(1)]))).toBe('MetadataCorrupted')
    expect(outcome(Buffer.concat([whole, whole]))).toBe('MetadataCorrupted')
  })

  test('with any one bit flipped is a manifest or refused', () => {
    const seen: Record<string, number> = {}
    for (let bit = first * 8; bit < whole.length * 8; bit += 1) {
      const flipped = Buffer.from(whole)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      const found = outcome(flipped)
      seen[found] = (seen[found] ?? 0) + 1
    }
    expect(Object.keys(seen).sort()).toEqual(['MetadataCorrupted', 'manifest'])
    expect(seen.MetadataCorrupted).toBeGreaterThan(500)
  })
})

describe('a file', () => {
  test('without a byte says so', () => {
    expect(() => decodeManifest(new Uint8Array(0), 'seg', 'm')).toThrow(corrupted(/an empty file/))
    expect(() => decodeManifestJson('', 'seg', 'm')).toThrow(corrupted(/an empty file/))
  })

  test('of another kind says what it starts with', () => {
    const parquet = Buffer.from('PAR1 and so on')
    expect(() => decodeManifest(parquet, 'seg', 'm')).toThrow(corrupted(/"MILV".* 0x50415231/))
    expect(() => decodeManifest(Buffer.from('{}'), 'seg', 'm')).toThrow(corrupted(/4 bytes/))
    expect(() => decodeManifest(Buffer.alloc(1000), 'seg', 'm')).toThrow(corrupted(/"MILV"/))
  })

  test('whose second marker is not the first is refused', () => {
    const bytes = Buffer.from(OURS)
    bytes[bytes.length - 1]! ^= 1
    expect(() => decodeManifest(bytes, 'seg', 'm')).toThrow(corrupted(/sync marker/))
  })

  const magicAnd = (...parts: Buffer[]) =>
    Buffer.concat([Buffer.from('acb1cad409', 'hex'), long(6), ...parts])
  const empty = array()

  test.each<[string, Buffer, RegExp]>([
    ['more items than bytes', magicAnd(long(2 ** 40)), /at most \d+ items/],
    ['the most items of all', magicAnd(long(-(2n ** 63n)), long(0)), /at most \d+ items/],
    ['more bytes than there are', magicAnd(long(1), long(1), long(2 ** 40)), /a length of at most/],
    ['bytes below zero', magicAnd(long(1), long(1), long(-1)), /a length of at most/],
    ['an integer of 65 bits', magicAnd(Buffer.alloc(9, 0xff), Buffer.from([2])), /64 bits/],
    ['an integer without end', magicAnd(Buffer.alloc(100, 0xff)), /64 bits/],
    ['text that is no UTF-8', magicAnd(long(1), array(long(1), Buffer.from([0xff]))), /UTF-8/],
    [
      'a delta log of type 3',
      magicAnd(
        empty,
        array(Buffer.concat([long(1), Buffer.from('x'), long(3), long(0)])),
        empty,
        empty,
        empty,
      ),
      /0, 1 or 2 for delta_logs\[0\].type/,
    ],
    [
      'a delta log of more rows than a double counts',
      magicAnd(
        empty,
        array(Buffer.concat([long(1), Buffer.from('x'), long(0), long(2n ** 53n)])),
        empty,
        empty,
        empty,
      ),
      /delta_logs\[0\].num_entries .* 9007199254740992/,
    ],
  ])('with %s is refused', (_, bytes, message) => {
    expect(() => decodeManifest(bytes, 'seg', 'm')).toThrow(corrupted(message))
  })
})

describe('a hostile schema', () => {
  const withField = (type: unknown, data: Buffer, codec?: string) =>
    container(
      { ...FIRST_SCHEMA, fields: [field('first', type), ...FIRST_SCHEMA.fields] },
      [[1, data]],
      codec,
    )
  const itself = recordOf('Itself', field('again', 'Itself'))
  const nothing = { type: 'array', items: 'null' }
  let nested: unknown = 'null'
  for (let level = 0; level < 1000; level += 1) nested = { type: 'array', items: nested }

  const deep = `${'{"type":"array","items":'.repeat(30_000)}"null"${'}'.repeat(30_000)}`

  test.each<[string, Buffer, RegExp]>([
    ['of items that take no bytes', withField(nothing, long(2 ** 50)), /items/],
    [
      'of many blocks of such items',
      withField(nothing, Buffer.concat(Array.from({ length: 50_000 }, () => long(40_000)))),
      /values that take bytes/,
    ],
    ['that holds itself', withField(itself, Buffer.alloc(9)), /nested values/],
    ['of a thousand levels', withField(nested, Buffer.alloc(3000, 2)), /less nested values/],
    ['that exhausts the stack', container(deep, [[1, Buffer.alloc(9)]]), /an Avro schema/],
    ['of megabytes', withField(`x${'x'.repeat(2 << 20)}`, Buffer.alloc(1)), /a schema of 1 to/],
    [
      'of a block that inflates without end',
      withField('bytes', deflateRawSync(Buffer.alloc(300 << 20)), 'deflate'),
      /deflated bytes/,
    ],
  ])('%s is refused in no time', (_, bytes, message) => {
    const start = performance.now()
    expect(() => decodeManifest(bytes, 'seg', 'm')).toThrow(corrupted(message))
    expect(performance.now() - start).toBeLessThan(5000)
  })

  test('cannot reach the prototype of objects', () => {
    const key = Buffer.from('__proto__')
    const map = array(Buffer.concat([long(key.length), key, long(0)]))
    const bytes = withField({ type: 'map', values: 'string' }, map)
    expect(() => decodeManifest(bytes, 'seg', 'm')).toThrow(corrupted(/__proto__/))
  })
})
