/** Which rows settings are tried on, and which trial is recommended. */
import { join } from 'node:path'
import { Int64, makeVector, type RecordBatch, Schema, Utf8, vectorFromArray } from 'apache-arrow'
import type { TuneTrial } from '../lib/index.js'
import { speedOf } from '../lib/packed/tune/measure.js'
import { recommend } from '../lib/packed/tune/recommend.js'
import { takeSample } from '../lib/packed/tune/sample.js'
import { resolveTuneSettings } from '../lib/packed/tune/tune-options.js'
import { batchOf, field } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'
import { segmentOf, TRIALS, trialOf } from './support/tune.js'

const directory = temporaryDirectory('tune-sample')
const SCHEMA = new Schema([field('row', new Int64(), 100), field('text', new Utf8(), 101)])
const ROWS = 100_000
/** The last fifth of the rows takes nearly all of the bytes. */
const LONG = 'x'.repeat(400)
const textOf = (row: number) => (row < 0.8 * ROWS ? 'y' : LONG)
let paths: string[]

function rowsFrom(start: number, rows: number): RecordBatch {
  const numbers = Array.from({ length: rows }, (_, i) => start + i)
  return batchOf(SCHEMA, [
    makeVector(BigInt64Array.from(numbers, BigInt)),
    vectorFromArray(numbers.map(textOf), new Utf8()),
  ])
}

beforeAll(async () => {
  const batches = Array.from({ length: 10 }, (_, i) => rowsFrom((i * ROWS) / 10, ROWS / 10))
  paths = (await segmentOf(join(directory, 'skewed'), batches)).paths
})

/** Positions of the first row of each run and how many there are; every row checked. */
async function runsOf(options: { rows?: number; sampleBytes?: number }) {
  const sample = await takeSample(resolveTuneSettings({ paths, ...options }))
  const runs = sample.batches.map((batch) => {
    const keys = batch.getChild('row')!.toArray() as BigInt64Array
    const first = Number(keys[0])
    expect([...keys]).toEqual([...keys].map((_, i) => BigInt(first + i)))
    return { first, rows: keys.length }
  })
  const { rows, arrowBytes, storedRows } = sample
  expect(rows).toBe(runs.reduce((sum, run) => sum + run.rows, 0))
  expect(storedRows).toBe(ROWS)
  sample.release()
  return { runs, rows, arrowBytes }
}

describe('the sample', () => {
  test('is every row where there is room', async () => {
    const { runs, rows } = await runsOf({})
    expect(rows).toBe(ROWS)
    expect(runs).toHaveLength(16)
    expect(runs.map(({ first }) => first)).toEqual(
      Array.from({ length: 16 }, (_, i) => Math.floor((i * ROWS) / 16)),
    )
  })

  test('is one run of few rows, and sixteen of many, spread over the file', async () => {
    expect((await runsOf({ rows: 4000 })).runs).toEqual([{ first: 48_000, rows: 4000 }])
    expect((await runsOf({ rows: 1 })).runs).toEqual([{ first: 49_999, rows: 1 }])
    const { runs, rows } = await runsOf({ rows: 80_000 })
    expect(rows).toBe(80_000)
    expect(runs).toHaveLength(16)
    // In the middle of each sixteenth: 6250 rows, 5000 of which are taken.
    expect(runs.map(({ first }) => first)).toEqual(runs.map((_, i) => i * 6250 + 625))
  })

  test('stays within its bytes, though rows turn out to be longer', async () => {
    const sampleBytes = 1_500_000
    const { runs, rows, arrowBytes } = await runsOf({ sampleBytes })
    expect(arrowBytes).toBeLessThan(1.5 * sampleBytes)
    expect(arrowBytes).toBeGreaterThan(0.5 * sampleBytes)
    expect(rows).toBeLessThan(ROWS)
    // The long rows are there as well.
    expect(runs.at(-1)!.first).toBeGreaterThan(0.9 * ROWS)
  })

  test('is the same every time', async () => {
    expect(await runsOf({ rows: 20_000 })).toEqual(await runsOf({ rows: 20_000 }))
  })
})

test('speeds are medians', () => {
  expect(speedOf([30, 10, 20], 1000)).toEqual({
    medianMs: 20,
    leastMs: 10,
    mostMs: 30,
    bytesPerSecond: 50_000,
  })
  expect(speedOf([10, 40, 20, 30], 0)).toMatchObject({ medianMs: 25, bytesPerSecond: 0 })
  expect(speedOf([8], 8)).toMatchObject({ leastMs: 8, medianMs: 8, mostMs: 8 })
})

describe('the recommendation', () => {
  const [usual, small, , fast] = TRIALS as [TuneTrial, TuneTrial, TuneTrial, TuneTrial]

  test('is the smallest, the fastest, and the least time with moving the files', () => {
    const { size, balanced, speed } = recommend(TRIALS)
    expect(size).toEqual({
      goal: 'size',
      trial: small,
      reason: 'the smallest files; 25 % smaller than the default',
    })
    expect(speed).toEqual({
      goal: 'speed',
      trial: fast,
      reason: 'the least time to write and read; 75 % less than the default',
    })
    // 100 ms and 2 * 40 ms of moving; the fast one takes 25 ms and 2 * 60 ms.
    expect(balanced).toEqual({
      goal: 'balanced',
      trial: fast,
      reason:
        'the least time to write, send, fetch (at 100 MB/s) and read; 19 % less than the default',
    })
  })

  test('prefers what is better otherwise among those that are nearly the same', () => {
    const near = trialOf({ ...small, level: 8, fileBytes: 3_010_000, writeMs: 200, readMs: 40 })
    expect(recommend([usual, small, near]).size).toMatchObject({
      trial: near,
      reason:
        'within 0.5 % of the smallest files (milvus zstd 9), and 71 % less time to write and ' +
        'read; 25 % smaller than the default',
    })
    const smaller = trialOf({ ...usual, level: 2, fileBytes: 3_600_000, writeMs: 62, readMs: 40 })
    expect(recommend([usual, smaller]).speed).toMatchObject({
      trial: smaller,
      reason:
        'within 3 % of the least time to write and read (milvus zstd 3), and 10 % smaller; ' +
        'the default is nearly as good',
    })
  })

  test('says when it is the default, and nothing of a default that was not tried', () => {
    expect(recommend([usual]).size.reason).toBe('the smallest files; it is the default')
    expect(recommend([fast]).speed.reason).toBe('the least time to write and read')
  })
})
