/** Manifests beside fastavro: it reads what we write, and we what it writes. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { parseExact, stringifyExact } from '../../lib/config/index.js'
import { decodeManifest, encodeManifest, type Manifest } from '../../lib/manifest/index.js'
import { hasLoon } from '../support/fixtures.js'
import { COMMON, FIRST, FIRST_SCHEMA, INDEX, LOB, raw, STATS } from '../support/manifest-bytes.js'
import { arbitraryManifest, fullManifest, realManifest } from '../support/manifests.js'

const PYTHON_HOME = join(__dirname, '..', '..', 'build', 'python')
const SEED = Number(process.env.ARROW_PACKED_SEED ?? 20240229)

/** Integers beyond 2^53 stay exact both ways. */
function ask<T>(requests: readonly object[]): T[] {
  const { status, stdout, stderr } = spawnSync('python3', [join(__dirname, 'manifest_avro.py')], {
    input: stringifyExact(requests),
    env: { ...process.env, PYTHONPATH: PYTHON_HOME, PYTHONDONTWRITEBYTECODE: '1' },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status !== 0) throw new Error(`Expected an answer of python3 but received ${stderr}`)
  return parseExact(stdout) as T[]
}

interface ReadFile {
  records: unknown[]
  schema: object
  codec: string
}

const write = (request: object): Buffer => {
  const [{ bytes } = { bytes: '' }] = ask<{ bytes: string }>([request])
  return Buffer.from(bytes, 'hex')
}

/** The record of a manifest whose paths are all below `seg`, by the names of the schema. */
function recordOf(manifest: Manifest): object {
  const name = (path: string) => path.replace(/^seg\/_\w+\/|^lobs\//, '')
  return {
    column_groups: manifest.columnGroups.map(({ columns, files, format }) => ({
      columns,
      files: files.map(({ path, startIndex, endIndex, properties }) => ({
        path: name(path),
        start_index: startIndex,
        end_index: endIndex,
        properties,
      })),
      format,
    })),
    delta_logs: manifest.deltaLogs.map(({ path, type, numEntries }) => ({
      path: name(path),
      type: ['primaryKey', 'positional', 'equality'].indexOf(type),
      num_entries: numEntries,
    })),
    stats: Object.fromEntries(
      Object.entries(manifest.stats).map(([key, { paths, metadata }]) => [
        key,
        { paths: paths.map(name), metadata },
      ]),
    ),
    indexes: manifest.indexes.map((index) => ({
      column_name: index.columnName,
      index_name: index.indexName,
      index_type: index.indexType,
      path: name(index.path),
      field_id: small(index.fieldId),
      index_id: small(index.indexId),
      build_id: small(index.buildId),
      index_version: small(index.indexVersion),
      num_rows: index.numRows,
      serialized_size: index.serializedSizeBytes,
      mem_size: index.memSizeBytes,
      current_index_version: index.currentIndexVersion,
      current_scalar_index_version: index.currentScalarIndexVersion,
      index_store_path_version: index.indexStorePathVersion,
      index_file_keys: index.indexFileKeys,
      properties: index.properties,
    })),
    lob_files: manifest.lobFiles.map((file) => ({
      path: name(file.path),
      field_id: small(file.fieldId),
      total_rows: file.totalRows,
      valid_rows: file.validRows,
      file_size_bytes: file.fileSizeBytes,
    })),
  }
}

/** As exact JSON gives an integer. */
const small = (id: bigint) => (Number.isSafeInteger(Number(id)) ? Number(id) : id)

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

const present = existsSync(join(PYTHON_HOME, 'fastavro'))
if (!present && process.env.CI !== 'true') {
  process.stderr.write('NOT RUN (no fastavro in build/python): manifests beside fastavro\n')
}

;(present || process.env.CI === 'true' ? describe : describe.skip)('fastavro', () => {
  const real = hasLoon("the schema of Milvus's own files") ? test : test.skip

  real("reads ours, field by field, by the schema of Milvus's own files", () => {
    const full = fullManifest('seg')
    const [ours, real] = ask<ReadFile>([
      { read: hex(encodeManifest(full, 'seg')) },
      { read: hex(realManifest(2).bytes) },
    ])
    expect(ours!.records).toEqual([recordOf(full)])
    expect(ours!.schema).toEqual(real!.schema)
    expect([ours!.codec, real!.codec]).toEqual(['null', 'null'])
    expect(real!.records).toEqual([recordOf(decodeManifest(realManifest(2).bytes, 'seg'))])
  })

  test(`reads ours at random, and we what it makes of them (seed ${SEED})`, () => {
    const sample = fc.sample(arbitraryManifest('seg'), { numRuns: 300, seed: SEED })
    const files = ask<ReadFile>(sample.map((one) => ({ read: hex(encodeManifest(one, 'seg')) })))
    expect(files).toHaveLength(300)
    const written = ask<{ bytes: string }>(
      files.map(({ records, schema }, index) => ({
        schema,
        blocks: [records],
        codec: index % 2 === 0 ? 'null' : 'deflate',
      })),
    )
    written.forEach(({ bytes }, index) => {
      expect(decodeManifest(Buffer.from(bytes, 'hex'), 'seg')).toEqual(sample[index])
    })
  })

  const FIRST_RECORD = {
    ...(recordOf(relative(FIRST)) as Record<string, unknown>),
    column_groups: FIRST.columnGroups.map(({ columns, files, format }) => ({
      columns,
      files: files.map(({ path, startIndex, endIndex }) => ({
        path: path.replace('a/seg/_data/', ''),
        start_index: startIndex,
        end_index: endIndex,
        metadata: { hex: 'ff0001' },
      })),
      format,
    })),
  }

  test('writes the first schema, which we read', () => {
    const file = write({ schema: FIRST_SCHEMA, blocks: [[FIRST_RECORD]] })
    expect(decodeManifest(file, 'a/seg')).toEqual(FIRST)
    const deflated = write({ schema: FIRST_SCHEMA, blocks: [[FIRST_RECORD]], codec: 'deflate' })
    expect(deflated.equals(file)).toBe(false)
    expect(decodeManifest(deflated, 'a/seg')).toEqual(FIRST)
  })

  test('writes a later schema, which we read', () => {
    const schema = {
      ...FIRST_SCHEMA,
      fields: [{ name: 'later', type: ['null', 'long'] }, ...FIRST_SCHEMA.fields],
    }
    const file = write({ schema, blocks: [[{ ...FIRST_RECORD, later: 12 }]] })
    expect(decodeManifest(file, 'a/seg')).toEqual(FIRST)
  })

  test.each([
    ['in one block', [[FIRST_RECORD, FIRST_RECORD]]],
    ['in two blocks', [[FIRST_RECORD], [FIRST_RECORD]]],
    ['none', [[]]],
  ])('writes other than one record: %s, which we refuse', (_, blocks) => {
    const file = write({ schema: FIRST_SCHEMA, blocks })
    expect(() => decodeManifest(file, 'a/seg', 'm')).toThrow(
      expect.objectContaining({ code: 'MetadataCorrupted', path: 'm' }),
    )
  })

  test('writes the raw form as we have it by hand', () => {
    const { fields } = FIRST_SCHEMA
    const typeOf = (name: string) => fields.find((field) => field.name === name)!.type
    const pieces = [
      ['int', 0x4d494c56],
      ['int', 3],
      [typeOf('column_groups'), FIRST_RECORD.column_groups],
      [typeOf('delta_logs'), (FIRST_RECORD as unknown as { delta_logs: unknown }).delta_logs],
      [typeOf('stats'), (FIRST_RECORD as unknown as { stats: unknown }).stats],
    ]
    const bytes = write({ raw: pieces })
    expect(hex(bytes)).toBe(hex(raw(3)))
    expect(decodeManifest(bytes, 'a/seg')).toEqual({
      ...COMMON,
      stats: STATS,
      indexes: [],
      lobFiles: [],
    })
  })

  test('reads back what we made of the raw form', () => {
    const manifest = decodeManifest(raw(6), 'a/seg')
    expect(manifest).toEqual({ ...COMMON, stats: STATS, indexes: [INDEX], lobFiles: [LOB] })
    const [file] = ask<ReadFile>([{ read: hex(encodeManifest(manifest, 'a/seg')) }])
    expect(file!.records).toEqual([recordOf(relative(manifest))])
  })
})

/** The manifest of `a/seg` as one of `seg`. */
function relative(manifest: Manifest): Manifest {
  const text = stringifyWithIds(manifest).replaceAll('"a/', '"')
  return JSON.parse(text, (_, value) =>
    typeof value === 'string' && value.startsWith('id:') ? BigInt(value.slice(3)) : value,
  )
}

function stringifyWithIds(value: unknown): string {
  return JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `id:${one}` : one))
}
