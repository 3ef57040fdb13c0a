/** Layout small, configurations of compression and levels by kind of column. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Table } from 'apache-arrow'
import {
  inspectFile,
  type LevelFacts,
  PackedReader,
  PackedRecordWriter,
  type PackedWriteResult,
  PackedWriter,
  type PackedWriterOptions,
  SimpleArrowRecord,
} from '../lib/index.js'
import { kindsBatch, kindsSchema } from './support/columns-of-kinds.js'
import { Random } from './support/random.cjs'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const home = temporaryDirectory('writer-small')
const ROWS = 40_000
const batch = kindsBatch(ROWS, new Random(21))
const text = new Table([batch]).toString()
let run = 0

async function write(options: Partial<PackedWriterOptions>, step = ROWS) {
  const directory = join(home, String(run++))
  const writer = await PackedWriter.open({ schema: kindsSchema, directory, ...options })
  try {
    for (let at = 0; at < ROWS; at += step) await writer.write(batch.slice(at, at + step))
    return await writer.finish()
  } finally {
    await writer.close()
  }
}

const bytesOf = ({ groups }: PackedWriteResult) =>
  groups.reduce((sum, { fileBytes }) => sum + fileBytes, 0)
const columnsOf = ({ groups }: PackedWriteResult) =>
  Object.assign({}, ...groups.map(({ columns }) => columns)) as (typeof groups)[0]['columns']

async function expectReadsBack({ groups }: PackedWriteResult, keys = {}): Promise<void> {
  const paths = groups.map(({ path }) => path)
  for (const options of [{}, { bufferBytes: 1, batchRows: 777 }, { mmap: true }]) {
    const reader = await PackedReader.open({ paths, ...options, ...keys })
    const table = (await reader.toTable()).select(kindsSchema.names as string[])
    expect(table.toString() === text).toBe(true)
  }
}

const compressionKey = async (path: string) => {
  const value = (await inspectFile(path)).metadata.get('arrow-packed.compression')
  return value === undefined ? undefined : (JSON.parse(value) as unknown)
}

describe("layout 'small'", () => {
  test('is smaller than the others, reads back, and says what it chose', async () => {
    const [small, fast, milvus] = await Promise.all(
      (['small', 'fast', 'milvus'] as const).map((layout) => write({ layout })),
    )
    expect(bytesOf(small!)).toBeLessThan(bytesOf(fast!))
    expect(bytesOf(small!)).toBeLessThan(bytesOf(milvus!))
    await expectReadsBack(small!)
    const columns = columnsOf(small!)
    expect(columns.rising!.encodings).toEqual(['DELTA_BINARY_PACKED'])
    expect(columns.path!.encodings).toEqual(['DELTA_BYTE_ARRAY'])
    expect(columns.word!.encodings).toEqual(['RLE_DICTIONARY'])
    expect(columns.text!.encodings).toEqual(['DELTA_LENGTH_BYTE_ARRAY'])
    expect(columns.score!.encodings).toEqual(['BYTE_STREAM_SPLIT'])
    expect(columns.vector!.encodings).toEqual(['BYTE_STREAM_SPLIT'])
    for (const { path, columns: own, compressedBytes } of small!.groups) {
      for (const { column, codec, encodings } of (await inspectFile(path)).chunks) {
        expect(codec).toBe('ZSTD')
        expect(encodings).toEqual(expect.arrayContaining([...own[column]!.encodings]))
      }
      const sum = Object.values(own).reduce((all, column) => all + column.compressedBytes, 0)
      expect(sum).toBe(compressedBytes)
      expect(await compressionKey(path)).toEqual({ layout: 'small', codec: 'zstd', level: 9 })
    }
  })

  test('makes the same files however the rows come and on any number of threads', async () => {
    const contents = async (options: Partial<PackedWriterOptions>, step: number) =>
      (await write({ layout: 'small', ...options }, step)).groups.map(({ path }) =>
        readFileSync(path).toString('base64'),
      )
    const expected = await contents({}, ROWS)
    expect((await contents({}, 1234)).join() === expected.join()).toBe(true)
    expect(
      (await contents({ concurrency: 1, copy: true }, 20_000)).join() === expected.join(),
    ).toBe(true)
  })

  test('takes other codecs, levels, row groups and encodings', async () => {
    const result = await write({
      layout: 'small',
      compression: 'lz4',
      rowGroupBytes: 1 << 20,
      vectors: 'stored',
      columns: {
        rising: { encoding: 'plain', codec: 'gzip' },
        few: { encoding: 'byteStreamSplit' },
      },
    })
    await expectReadsBack(result)
    expect(result.groups[0]!.rowGroups).toBeGreaterThan(1)
    expect(columnsOf(result).rising!.encodings).toEqual(['PLAIN'])
    expect(columnsOf(result).few!.encodings).toEqual(['BYTE_STREAM_SPLIT'])
    expect(columnsOf(result).vector!.encodings).toEqual(['PLAIN'])
  })

  test('encrypted files are sampled, too, and read back', async () => {
    const key = new Uint8Array(32).fill(7)
    const encryption = { key, keyMetadata: 'k' }
    const keys = { keyRetriever: () => key }
    const result = await write({ layout: 'small', encryption })
    const inTheClear = columnsOf(await write({ layout: 'small' }))
    for (const [name, { encodings, dictionaryFallback }] of Object.entries(columnsOf(result))) {
      expect(`${name} ${encodings}`).toBe(`${name} ${inTheClear[name]!.encodings}`)
      expect(dictionaryFallback).toBe(false)
    }
    await expectReadsBack(result, keys)
    expect(bytesOf(result)).toBeLessThan(bytesOf(await write({ layout: 'fast', encryption })))
    const parts = await write({ layout: 'small', encryption, rowGroupBytes: 1 << 20 }, 1234)
    expect(parts.groups[0]!.rowGroups).toBeGreaterThan(1)
    expect(columnsOf(parts).path!.encodings).toEqual(['DELTA_BYTE_ARRAY'])
    await expectReadsBack(parts, keys)
  })

  test('an encrypted file without rows has columns, and an aborted one is not there', async () => {
    const encryption = { key: new Uint8Array(16).fill(3), keyMetadata: 'k' }
    const options = { schema: kindsSchema, layout: 'small', encryption } as const
    const directory = join(home, 'encrypted-empty')
    const writer = await PackedWriter.open({ ...options, directory })
    const { groups } = await writer.finish()
    expect(groups[0]!.columns.word!.encodings).toEqual([])
    const keyRetriever = () => encryption.key
    const reader = await PackedReader.open({ paths: groups.map(({ path }) => path), keyRetriever })
    expect((await reader.toTable()).schema.fields).toHaveLength(kindsSchema.fields.length)
    const aborted = join(home, 'encrypted-aborted')
    const other = await PackedWriter.open({ ...options, directory: aborted })
    await other.write(batch)
    await other.close()
    expect(existsSync(join(aborted, '0'))).toBe(false)
  })

  test('zero rows', async () => {
    const directory = join(home, 'empty')
    const writer = await PackedWriter.open({ schema: kindsSchema, directory, layout: 'small' })
    const { rows, groups } = await writer.finish()
    expect([rows, groups[0]!.columns.word!.encodings]).toEqual([0, []])
    expect(groups[0]!.columns.word!.compressedBytes).toBe(0)
  })

  test('a record writer takes it', async () => {
    const path = join(home, 'records')
    const columns = kindsSchema.fields.map((_, index) => index)
    const fieldIds = columns.map((column) => 100n + BigInt(column))
    const writer = await PackedRecordWriter.open({
      schema: kindsSchema,
      layout: 'small',
      config: { encoding: { enableDeltaEncoding: false } },
      paths: [path],
      columnGroups: [{ id: 0n, fieldIds, columns }],
    })
    await writer.write(new SimpleArrowRecord(batch))
    await writer.close()
    const { chunks } = await inspectFile(path)
    const encodings = new Map(chunks.map((chunk) => [chunk.column, chunk.encodings]))
    expect(encodings.get('path')).toContain('DELTA_BYTE_ARRAY')
    expect(encodings.get('rising')).not.toContain('DELTA_BINARY_PACKED')
  })

  test('abort and close leave nothing', async () => {
    const directory = join(home, 'aborted')
    const controller = new AbortController()
    const writer = await PackedWriter.open({
      schema: kindsSchema,
      directory,
      layout: 'small',
      signal: controller.signal,
    })
    const writing = writer.write(batch)
    controller.abort(new Error('enough'))
    await expect(writing).rejects.toThrow('enough')
    await writer.close()
    expect(existsSync(join(directory, '0'))).toBe(false)
  })

  test('has no compatibility with another version', async () => {
    const error = await rejection(() => write({ layout: 'small', compatibility: 'milvus-2.6' }))
    expect(error.message).toContain("no compatibility with layout 'small'")
  })
})

describe('the option config', () => {
  test('says what other options leave open, and nothing else', async () => {
    const plain = await write({ layout: 'fast' })
    expect(bytesOf(await write({ layout: 'fast', config: {} }))).toBe(bytesOf(plain))
    const config = { compression: { level: 19, concurrency: 1, blockBytes: 8192 } }
    const better = await write({ layout: 'fast', config })
    const given = await write({ layout: 'fast', config, compression: { codec: 'zstd', level: 1 } })
    const level = await write({
      layout: 'fast',
      compression: { codec: 'zstd', level: 19 },
      config: { compression: { blockBytes: 8192 } },
    })
    expect(bytesOf(better)).toBe(bytesOf(level))
    expect(bytesOf(given)).not.toBe(bytesOf(better))
    await expectReadsBack(better)
  })

  test('bounds what samples choose', async () => {
    for (const layout of ['fast', 'small'] as const) {
      const config = { encoding: { enableDeltaEncoding: false, dictionaryThreshold: 0 } }
      const columns = columnsOf(await write({ layout, config }))
      expect(columns.rising!.encodings).toEqual(['PLAIN'])
      expect(columns.few!.encodings).toEqual(['PLAIN'])
      expect(columns.word!.encodings).not.toContain('RLE_DICTIONARY')
    }
    const half = { encoding: { dictionaryThreshold: 0.0001 } }
    expect(columnsOf(await write({ layout: 'fast', config: half })).word!.encodings).toEqual([
      'PLAIN',
    ])
  })

  test.each<[unknown, string]>([
    [7, 'for CompressionConfig'],
    [{ compression: { levle: 3 } }, 'Did you mean "level"?'],
    [{ compression: { level: 0 } }, 'for compression.level'],
    [{ encoding: { dictionaryThreshold: 2 } }, 'for encoding.dictionaryThreshold'],
  ])('%p is refused', async (config, message) => {
    const error = await rejection(() => write({ config: config as never }))
    expect(error).toMatchObject({ code: 'InvalidArgument' })
    expect(error.message).toContain(message)
  })
})

describe("level 'auto'", () => {
  const auto = { codec: 'zstd', level: 'auto' } as const

  test('asks the strategy once for every kind of column of a file, by its share', async () => {
    const asked: LevelFacts[] = []
    const strategy = {
      selectLevel: (facts: LevelFacts) => asked.push(facts) + 1,
    }
    const result = await write({
      layout: 'fast',
      rowGroupBytes: 10 << 20,
      compression: { ...auto, strategy, ioLatencyMs: 30, cpuUsage: 0.25 },
    })
    expect(asked.map(({ type }) => type)).toEqual(['integer', 'float', 'boolean', 'text', 'vector'])
    for (const facts of asked) expect(facts).toMatchObject({ ioLatencyMs: 30, cpuUsage: 0.25 })
    const [scalars, vectors] = result.groups
    expect(scalars!.levels).toEqual({ integer: 2, float: 3, boolean: 4, text: 5 })
    expect(vectors!.levels).toEqual({ vector: 6 })
    const size = Object.fromEntries(asked.map(({ type, sizeBytes }) => [type, sizeBytes]))
    expect(size.vector).toBe(10 << 20)
    // 8 + 8 + 4 + 8 bytes of integers, 8, an eighth, and 32 bytes for each of three texts.
    expect(size.integer).toBe(Math.floor(((10 << 20) * 28) / (28 + 8 + 1 / 8 + 96)))
    const key = await compressionKey(scalars!.path)
    expect(key).toEqual({ layout: 'fast', codec: 'zstd', levels: scalars!.levels })
    await expectReadsBack(result)
  })

  test('is a level, and pages that do not compress are still stored', async () => {
    const fast = await write({ layout: 'fast', rowGroupBytes: 64 << 20 })
    const facts = { layout: 'fast', rowGroupBytes: 64 << 20 } as const
    const fastest = { selectLevel: () => 1 }
    const same = await write({ ...facts, compression: { ...auto, strategy: fastest } })
    for (const [index, { columns }] of same.groups.entries()) {
      expect(columns).toEqual(fast.groups[index]!.columns)
    }
    const best = { selectLevel: () => 19 }
    expect(
      bytesOf(await write({ ...facts, compression: { ...auto, strategy: best } })),
    ).toBeLessThan(bytesOf(same))
  })

  test('by the rule: better for small shares, default on a busy machine', async () => {
    const small = await write({ layout: 'fast', rowGroupBytes: 1 << 20, compression: auto })
    expect(Object.values(small.groups[0]!.levels!)).toEqual([7, 7, 7, 7])
    const busy = await write({ layout: 'fast', compression: { ...auto, cpuUsage: 0.9 } })
    expect(busy.groups[1]!.levels).toEqual({ vector: 3 })
    const least = await write({ layout: 'small', compression: auto })
    expect(least.groups[1]!.levels).toEqual({ vector: 1 })
    expect(columnsOf(least).path!.encodings).toEqual(['DELTA_BYTE_ARRAY'])
    await expectReadsBack(least)
    const milvus = await write({ compression: auto })
    expect(milvus.groups[1]!.levels).toEqual({}) // vectors are not compressed there
    expect(milvus.groups[0]!.levels).toEqual({ integer: 7, float: 7, boolean: 7, text: 7 })
    await expectReadsBack(milvus)
  })

  test('leaves columns with a codec of their own and vectors with theirs alone', async () => {
    const strategy = { selectLevel: () => 5 }
    const result = await write({
      layout: 'fast',
      vectors: 'always',
      compression: { ...auto, strategy },
      columns: { text: { codec: 'snappy' } },
    })
    await expectReadsBack(result)
    const snappy = await write({ layout: 'fast', vectors: 'snappy', compression: auto })
    expect(snappy.groups[1]!.levels).toEqual({})
    await expectReadsBack(snappy)
  })

  test.each<[unknown, string]>([
    [{ codec: 'gzip', level: 'auto' }, "Expected 'zstd' with level 'auto' for compression.codec"],
    [{ ...auto, latency: 3 }, 'Expected a known option for compression'],
    [{ ...auto, cpuUsage: 2 }, 'for cpuUsage'],
    [{ ...auto, strategy: {} }, 'for compression.strategy'],
    [{ ...auto, strategy: { selectLevel: () => 0 } }, 'for the level of compression.strategy'],
  ])('%p is refused', async (compression, message) => {
    const error = await rejection(() => write({ compression: compression as never }))
    expect(error).toMatchObject({ code: 'InvalidArgument' })
    expect(error.message).toContain(message)
  })

  test('its key is not the user’s', async () => {
    const userMetadata = { 'arrow-packed.compression': '{}' }
    const error = await rejection(() => write({ userMetadata }))
    expect(error.message).toContain('Expected no key of the writer for userMetadata')
  })
})
