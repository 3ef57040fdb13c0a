import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Field, FixedSizeList, Float32, Int64, List, Schema, Utf8 } from 'apache-arrow'
import { PackedWriter, type PackedWriterOptions } from '../lib/index.js'
import { rejection } from './support/rejection.js'
import { field, sampleSchema } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('writer-options')

/** Options as JavaScript would pass them, types aside. */
function open(options: Record<string, unknown>): Promise<PackedWriter> {
  const complete = { schema: sampleSchema(), directory, ...options }
  return PackedWriter.open(complete as unknown as PackedWriterOptions)
}

function openGroups(groups: unknown): Promise<PackedWriter> {
  return open({ directory: undefined, groups })
}

const path = (name: string): string => join(directory, name)
const scalars = ['id', 'title', 'score']

afterEach(() => expect(readdirSync(directory)).toEqual([]))

describe('PackedWriter.open refuses', () => {
  test.each([
    ['bufferSize', 'bufferBytes'],
    ['ifexist', 'ifExists'],
    ['fsnyc', 'fsync'],
    ['colums', 'columns'],
  ])('the unknown option %s and names %s', async (given, nearest) => {
    const error = await rejection(() => open({ [given]: 1 }))
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toContain(`"${given}"`)
    expect(error.message).toContain(`Did you mean "${nearest}"?`)
  })

  test.each(['deltaBinaryPacked', 'deltaLengthByteArray', 'deltaByteArray', 'byteStreamSplit'])(
    'encoding %s in the layout of Milvus as NotSupported',
    async (encoding) => {
      const error = await rejection(() => open({ columns: { id: { encoding } } }))
      expect(error.code).toBe('NotSupported')
      expect(error.message).toContain(`'fast' or 'small' for columns.id.encoding '${encoding}'`)
    },
  )

  test.each([
    ['title', 'deltaBinaryPacked', 'Expected integers, dates, times or timestamps'],
    ['title', 'byteStreamSplit', 'Expected numbers or values of one width'],
    ['id', 'deltaByteArray', 'Expected strings or binaries'],
    ['score', 'deltaBinaryPacked', "for field 'score' with encoding DELTA_BINARY_PACKED"],
    ['embedding', 'deltaLengthByteArray', 'Expected strings or binaries'],
  ])('%s with encoding %s', async (name, encoding, message) => {
    const columns = { [name]: { encoding } }
    const error = await rejection(() => open({ layout: 'fast', columns }))
    expect(error).toMatchObject({ code: 'InvalidArgument', field: name })
    expect(error.message).toContain(message)
  })

  test.each([
    ['schema', 7, 'Expected an apache-arrow Schema for schema but received 7 (number)'],
    ['bufferBytes', -1, 'Expected an integer >= 0 for bufferBytes but received -1 (number)'],
    ['bufferBytes', '1', 'Expected an integer >= 0 for bufferBytes but received "1" (string)'],
    ['rowGroupBytes', 0, 'Expected an integer >= 1 for rowGroupBytes but received 0 (number)'],
    ['rowGroupBytes', 1.5, 'Expected an integer >= 1 for rowGroupBytes but received 1.5 (number)'],
    ['multipartPartBytes', '1', 'Expected an integer'],
    [
      'spool',
      '/tmp',
      'Expected no spool with local storage for spool but received "/tmp" (string)',
    ],
    [
      'storage',
      { storageType: 'minio', address: 'localhost:9000' },
      "Expected storage.bucketName with storageType 'minio' but received none",
    ],
    ['layout', 'quick', "Expected 'milvus' | 'fast' | 'small' for layout"],
    ['vectors', 'auto', "Expected another choice than 'auto' with layout 'milvus' for vectors"],
    ['vectors', 'never', 'for vectors.codec but received "never" (string)'],
    ['fsync', 'yes', 'Expected a boolean for fsync but received "yes" (string)'],
    [
      'ifExists',
      'keep',
      "Expected 'error' | 'replace' for ifExists but received \"keep\" (string)",
    ],
    ['signal', {}, 'Expected an AbortSignal for signal but received an object (Object)'],
    ['onProgress', true, 'Expected a function for onProgress but received true (boolean)'],
    ['groups', 'milvsu', "'milvus' | 'perField' | 'single' for groups"],
    ['groups', 3, 'Expected an array of groups or the name of a policy for groups'],
    ['directory', '', 'Expected a non-empty string without NUL for directory'],
    ['compression', 'zip', 'for compression.codec but received "zip" (string)'],
    ['compression', { codec: 'zstd', level: 99 }, 'Expected an integer >= 1 and <= 22'],
    ['compression', { codec: 'snappy', level: 1 }, 'snappy has none'],
    ['compression', { codec: 'zstd', lvl: 1 }, 'Did you mean "level"?'],
    ['columns', { nope: {} }, 'for columns but received "nope" (string)'],
    ['columns', { id: { dims: 3 } }, 'Did you mean "dim"?'],
    ['columns', { id: { encoding: 'delta' } }, 'for columns.id.encoding but received "delta"'],
    ['storage', { storagetype: 'local' }, 'Did you mean "storageType"?'],
    ['storage', { useSsl: 1 }, 'Expected a boolean for storage.useSsl'],
    ['userMetadata', { a: 1 }, 'Expected a string for userMetadata.a but received 1 (number)'],
  ])('%s: %p', async (name, value, message) => {
    const error = await rejection(() => open({ [name]: value }))
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toContain(message)
  })

  test('anything but an object', async () => {
    expect((await rejection(() => PackedWriter.open(undefined as never))).code).toBe(
      'InvalidArgument',
    )
  })
})

describe('column groups', () => {
  test('a field in two groups is one InvalidArgument that names it', async () => {
    const error = await rejection(() =>
      openGroups([
        { id: 0, path: path('0'), fields: [...scalars, 'embedding'] },
        { id: 1, path: path('1'), fields: ['title'] },
      ]),
    )
    expect(error).toMatchObject({ code: 'InvalidArgument', field: 'title' })
    expect(error.message).toContain('in groups[0] and in groups[1]')
  })

  test('a field in no group is one InvalidArgument that names it', async () => {
    const error = await rejection(() => openGroups([{ id: 0, path: path('0'), fields: scalars }]))
    expect(error).toMatchObject({ code: 'InvalidArgument', field: 'embedding' })
  })

  test.each([
    ['an unknown name', [{ path: 'a', fields: ['ids'] }], '"ids"'],
    ['an unknown id', [{ path: 'a', fields: [999n] }], '999'],
    ['an id that is no integer', [{ path: 'a', fields: [1.5] }], '64-bit integer'],
    ['no fields', [{ path: 'a', fields: [] }], 'non-empty array'],
    ['no groups', [], 'at least one group'],
    ['an empty path', [{ path: '', fields: ['id'] }], 'groups[0].path'],
    ['an unknown key', [{ path: 'a', field: ['id'] }], 'Did you mean "fields"?'],
  ])('%s is refused', async (_, groups, message) => {
    const error = await rejection(() => openGroups(groups))
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toContain(message)
  })

  test.each([
    ['id', { id: 5, path: 'a' }, { id: 5, path: 'b' }],
    ['path', { id: 5, path: 'a' }, { id: 6, path: 'a' }],
  ])('a repeated group %s is refused', async (_, first, second) => {
    const error = await rejection(() =>
      openGroups([
        { ...first, fields: scalars },
        { ...second, fields: ['embedding'] },
      ]),
    )
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toContain('unique group')
  })

  test('groups with paths take no directory', async () => {
    const error = await rejection(() =>
      open({ groups: [{ path: 'a', fields: [...scalars, 'embedding'] }] }),
    )
    expect(error.message).toContain('for directory')
  })
})

describe('field ids', () => {
  test.each([
    ['missing', [field('id', new Int64(), 100), field('b', new Utf8())], 'b'],
    ['repeated', [field('id', new Int64(), 100), field('b', new Utf8(), 100)], 'b'],
    ['no number', [new Field('b', new Utf8(), true, new Map([['PARQUET:field_id', 'x']]))], 'b'],
    [
      'too large',
      [new Field('b', new Utf8(), true, new Map([['PARQUET:field_id', '4294967296']]))],
      'b',
    ],
  ])('%s: one InvalidSchema that names the field', async (_, fields, name) => {
    const error = await rejection(() => open({ schema: new Schema(fields) }))
    expect(error).toMatchObject({ code: 'InvalidSchema', field: name })
  })

  test('repeated names are InvalidSchema', async () => {
    const schema = new Schema([field('a', new Int64(), 1), field('a', new Utf8(), 2)])
    expect(await rejection(() => open({ schema }))).toMatchObject({
      code: 'InvalidSchema',
      field: 'a',
    })
  })

  test("fieldIds: 'auto' numbers from 100 around the ids that are there", async () => {
    const schema = new Schema([
      field('a', new Int64()),
      field('b', new Utf8(), 101),
      field('c', new Utf8()),
    ])
    const writer = await open({ schema, fieldIds: 'auto' })
    expect([...writer.fieldIds]).toEqual([
      ['a', 100n],
      ['b', 101n],
      ['c', 102n],
    ])
    expect(writer.schema.fields[0]?.metadata.get('PARQUET:field_id')).toBe('100')
    await writer.close()
  })
})

describe('policies derive groups and paths', () => {
  const vector = new FixedSizeList(2, new Field('item', new Float32(), false))
  const list = new List(new Field('item', new Float32(), false))
  const schema = new Schema([
    field('embedding', vector, 105),
    field('id', new Int64(), 100),
    field('title', new Utf8(), 101),
    field('loose', list, 106),
  ])

  test.each([
    [
      'milvus',
      [
        ['0', 'id', 'title', 'loose'],
        ['105', 'embedding'],
      ],
    ],
    [
      'perField',
      [
        ['100', 'id'],
        ['101', 'title'],
        ['105', 'embedding'],
        ['106', 'loose'],
      ],
    ],
    ['single', [['0', 'embedding', 'id', 'title', 'loose']]],
  ])('%s', async (groups, expected) => {
    const writer = await open({ schema, groups })
    const found = writer.groups.map(({ id, fields }) => [String(id), ...fields])
    expect(found).toEqual(expected)
    expect(writer.groups.map((group) => group.path)).toEqual(
      expected.map(([id]) => `${directory}/${id}`),
    )
    await writer.close()
  })

  test('a List with a dim is a vector of its own', async () => {
    const writer = await open({ schema, columns: { loose: { dim: 2 } } })
    expect(writer.groups.map(({ id }) => id)).toEqual([0n, 105n, 106n])
    await writer.close()
  })
})
