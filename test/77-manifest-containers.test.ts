/** Manifests in Avro files by older and later schemas than ours, and by nobody's. */
import { deflateRawSync } from 'node:zlib'
import { decodeManifest } from '../lib/manifest/index.js'
import {
  array,
  arrayOf,
  container,
  FIRST,
  FIRST_SCHEMA,
  field,
  firstRecord,
  long,
  map,
  mapOf,
  rawGroups,
  record,
  recordOf,
} from './support/manifest-bytes.js'

describe('a container file', () => {
  test('by the first schema is read, with defaults for what came later', () => {
    expect(decodeManifest(container(FIRST_SCHEMA, [[1, firstRecord()]]), 'a/seg')).toEqual(FIRST)
  })

  test('by a later schema is read, without what is not known', () => {
    const union = ['null', recordOf('Later', field('x', 'double'), field('y', arrayOf('boolean')))]
    const later = {
      ...FIRST_SCHEMA,
      fields: [field('later', union), ...FIRST_SCHEMA.fields, field('last', mapOf('float'))],
    }
    const data = record(
      record(long(1), Buffer.alloc(8), array(Buffer.from([1]))),
      firstRecord(),
      map({ f: Buffer.alloc(4) }),
    )
    expect(decodeManifest(container(later, [[1, data]], 'null'), 'a/seg')).toEqual(FIRST)
  })

  test('with the one record in its second block, or deflated, is read', () => {
    const blocks: [number, Buffer][] = [
      [0, Buffer.alloc(0)],
      [1, firstRecord()],
    ]
    expect(decodeManifest(container(FIRST_SCHEMA, blocks), 'a/seg')).toEqual(FIRST)
    const deflated = container(FIRST_SCHEMA, [[1, deflateRawSync(firstRecord())]], 'deflate')
    expect(decodeManifest(deflated, 'a/seg')).toEqual(FIRST)
  })

  test('with blocks within arrays that tell their bytes is read', () => {
    const group = rawGroups().subarray(1, -1)
    const sized = record(long(-2), long(group.length), group, long(0))
    const rest = firstRecord().subarray(rawGroups().length)
    const data = record(sized, rest)
    expect(decodeManifest(container(FIRST_SCHEMA, [[1, data]]), 'a/seg')).toEqual(FIRST)
    const wrong = record(long(-2), long(group.length - 1), group, long(0), rest)
    expect(() => decodeManifest(container(FIRST_SCHEMA, [[1, wrong]]), 'a/seg')).toThrow(
      /items of \d+ bytes for the record.column_groups/,
    )
  })

  const { namespace: _, ...unnamed } = FIRST_SCHEMA
  const [groups, ...others] = FIRST_SCHEMA.fields
  test.each<[string, Buffer, RegExp]>([
    ['no record', container(FIRST_SCHEMA, []), /one record in the manifest m but received none/],
    ['two records', container(FIRST_SCHEMA, [[2, firstRecord()]]), /a block of 2 after 0/],
    [
      'a record in each of two blocks',
      container(FIRST_SCHEMA, [
        [1, firstRecord()],
        [1, firstRecord()],
      ]),
      /a block of 1 after 1/,
    ],
    ['a record less than none', container(FIRST_SCHEMA, [[-1, firstRecord()]]), /a block of -1/],
    ['bytes without a record', container(FIRST_SCHEMA, [[0, firstRecord()]]), /an empty block/],
    ['no schema', container('', [[1, firstRecord()]]), /a schema of 1 to \d+ bytes/],
    ['a schema of another name', container(unnamed, [[1, firstRecord()]]), /a schema of manifests/],
    [
      'no column groups',
      container({ ...FIRST_SCHEMA, fields: others }, [
        [1, firstRecord().subarray(rawGroups().length)],
      ]),
      /column_groups/,
    ],
    [
      'column groups that are an int',
      container({ ...FIRST_SCHEMA, fields: [{ ...groups, type: 'int' }] }, [[1, long(0)]]),
      /a schema of manifests/,
    ],
    ['no deflated bytes', container(FIRST_SCHEMA, [[1, firstRecord()]], 'deflate'), /deflated/],
    ['an unknown codec', container(FIRST_SCHEMA, [[1, firstRecord()]], 'nul'), /a codec of Avro/],
  ])('with %s is refused', (_, file, message) => {
    expect(() => decodeManifest(file, 'a/seg', 'm')).toThrow(
      expect.objectContaining({
        code: 'MetadataCorrupted',
        path: 'm',
        message: expect.stringMatching(message),
      }),
    )
  })

  test('by a codec that is not taken is not supported', () => {
    const file = container(FIRST_SCHEMA, [[1, firstRecord()]], 'zstandard')
    expect(() => decodeManifest(file, 'a/seg', 'm')).toThrow(
      expect.objectContaining({ code: 'NotSupported', path: 'm' }),
    )
  })
})
