/** Settings tried on a user's own rows: what is tried, on which rows, what is measured and left. */
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  LAYOUTS,
  memoryUsage,
  PackedReader,
  PackedWriter,
  TUNE_GOALS,
  type TuneOptions,
  type TuneProgress,
  tuneFiles,
} from '../lib/index.js'
import { QUANTIZED_DIM, vectorBatch, writeQuantized } from './support/quantized.js'
import { rejection } from './support/rejection.js'
import { sampleBatch, sampleSchema } from './support/sample.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'
import { sampleSegment } from './support/tune.js'

const ROWS = 3000
const directory = temporaryDirectory('tune')
const scratch = temporaryDirectory('tune-scratch')
const plain = join(__dirname, '../node_modules/vega-datasets/data/flights-3m.parquet')
let paths: string[]
let storedBytes: number

beforeAll(async () => {
  const segment = await sampleSegment(join(directory, 'segment'), ROWS)
  paths = segment.paths
  storedBytes = segment.fileBytes
})

// Whatever happens: nothing is left of the trials.
afterEach(() => expect(filesBelow(scratch)).toEqual([]))

const tune = (options: Partial<TuneOptions> = {}) =>
  tuneFiles({ paths, scratch, rounds: 1, ...options })

/** Options as JavaScript would pass them, types aside. */
const failure = (options: object) => rejection(() => tune(options as Partial<TuneOptions>))

describe('what is tried', () => {
  test('every layout with zstd 1, 3, 9, auto, lz4, snappy, uncompressed by default', async () => {
    const { trials } = await tune({ rows: 10 })
    const choices = ['zstd 1', 'zstd 3', 'zstd 9', 'zstd auto', 'lz4', 'snappy', 'uncompressed']
    const names = LAYOUTS.flatMap((layout) => choices.map((choice) => `${layout} ${choice}`))
    expect(trials.map(({ name }) => name)).toEqual(names)
    expect(trials.filter(({ isDefault }) => isDefault)).toMatchObject([{ name: 'milvus zstd 3' }])
  })

  test('a level with each codec that has it, once; codecs without any as they are', async () => {
    const { trials } = await tune({
      layouts: ['fast', 'fast'],
      codecs: ['gzip', 'zstd', 'snappy'],
      levels: ['auto', 19, 2, 2],
    })
    const tried = trials.map(({ codec, level, options }) => [codec, level, options.compression])
    expect(tried).toEqual([
      ['gzip', 2, { codec: 'gzip', level: 2 }],
      ['zstd', 2, { codec: 'zstd', level: 2 }],
      ['zstd', 19, { codec: 'zstd', level: 19 }],
      ['zstd', 'auto', { codec: 'zstd', level: 'auto' }],
      ['snappy', null, { codec: 'snappy' }],
    ])
  })

  test('the bytes are those of a writer with these settings', async () => {
    const { trials } = await tune({ codecs: ['zstd', 'gzip'], levels: [1, 9, 'auto'] })
    const own = trials.map(async ({ name, options }) => {
      const home = join(directory, name)
      await using writer = await PackedWriter.open({
        schema: sampleSchema(),
        directory: home,
        ...options,
      })
      await writer.write(sampleBatch(0, ROWS))
      const { groups } = await writer.finish()
      return groups.reduce((sum, { path }) => sum + statSync(path).size, 0)
    })
    expect(trials.map(({ fileBytes }) => fileBytes)).toEqual(await Promise.all(own))
    // Every choice has had its effect; 'auto' chooses among the levels that there are.
    const fixed = trials.filter(({ level }) => level !== 'auto')
    expect(new Set(fixed.map(({ fileBytes }) => fileBytes)).size).toBe(fixed.length)
  })

  test('columns stay in the files that they are in', async () => {
    const schemas: string[][] = []
    const open = jest.spyOn(PackedReader, 'open')
    await tune({ codecs: ['snappy'], layouts: ['milvus'] })
    for (const { value } of open.mock.results) {
      const { files } = (await value) as PackedReader
      schemas.push(files.map(({ schema }) => schema.fields.map(({ name }) => name).join()))
    }
    open.mockRestore()
    // The sample, and the read of each of two rounds.
    expect(schemas).toEqual(Array(3).fill(['id,title,score', 'embedding']))
  })

  test('codes of vectors stay codes', async () => {
    const { paths: coded } = await writeQuantized([vectorBatch(500)], {
      directory: join(directory, 'codes'),
    })
    const { sample } = await tune({ paths: coded, codecs: ['snappy'], layouts: ['milvus'] })
    // Keys, codes of both fields, scales of one; validity bits of codes and scales of that one.
    expect(sample.arrowBytes).toBe(500 * (8 + 2 * QUANTIZED_DIM + 4) + 2 * Math.ceil(500 / 8))
  })

  test('plain Parquet, when asked', async () => {
    const { trials, rows, sample } = await tune({
      paths: [plain],
      lenient: true,
      rows: 5000,
      codecs: ['zstd'],
    })
    expect({ rows, sample: sample.rows }).toEqual({ rows: 3_000_000, sample: 5000 })
    expect(trials.every(({ ratio }) => ratio > 0 && ratio < 1)).toBe(true)
  })
})

describe('figures', () => {
  test('add up', async () => {
    const result = await tune({ rounds: 4, codecs: ['zstd', 'snappy'] })
    // int64, float64 and 16 bytes of vector; offsets and letters of titles, validity bits.
    const letters = Array.from({ length: ROWS }, (_, row) => row).filter((row) => row % 3 !== 2)
    const titles = letters.reduce((sum, row) => sum + `title ${row}`.length, 0)
    const arrowBytes = ROWS * 32 + 4 * (ROWS + 1) + titles + ROWS / 8
    expect(result).toMatchObject({ paths, rows: ROWS, rounds: 4 })
    expect(result.sample).toEqual({ rows: ROWS, blocks: 1, arrowBytes })
    const ratio = storedBytes / arrowBytes
    expect(result.stored).toEqual({ fileBytes: storedBytes, ratio, saving: 1 - ratio })
    expect(Date.parse(result.date)).not.toBeNaN()
    for (const trial of result.trials) {
      expect(trial.ratio).toBe(trial.fileBytes / arrowBytes)
      expect(trial.saving).toBe(1 - trial.ratio)
      for (const speed of [trial.write, trial.read, trial.roundTrip]) {
        const { leastMs, medianMs, mostMs } = speed
        expect(leastMs).toBeGreaterThan(0)
        expect([leastMs, medianMs, mostMs]).toEqual(
          [leastMs, medianMs, mostMs].sort((one, other) => one - other),
        )
        expect(speed.bytesPerSecond).toBeCloseTo((1000 * arrowBytes) / medianMs)
      }
      const { write, read, roundTrip } = trial
      expect(roundTrip.leastMs).toBeGreaterThanOrEqual(write.leastMs + read.leastMs - 1e-9)
      expect(roundTrip.mostMs).toBeLessThanOrEqual(write.mostMs + read.mostMs + 1e-9)
    }
    // As written by default, which is among the trials.
    const usual = result.trials.find(({ isDefault }) => isDefault)!
    expect(usual.fileBytes).toBe(storedBytes)
  })

  test('of each goal one is recommended, that of the wanted one in particular', async () => {
    for (const goal of TUNE_GOALS) {
      const { recommendation, recommendations, trials } = await tune({ goal, codecs: ['zstd'] })
      expect(Object.keys(recommendations)).toEqual([...TUNE_GOALS])
      expect(recommendation).toBe(recommendations[goal])
      expect(trials).toContain(recommendation.trial)
      const least = Math.min(...trials.map(({ fileBytes }) => fileBytes))
      expect(recommendations.size.trial.fileBytes).toBeLessThanOrEqual(1.005 * least)
    }
  })

  test('rounds go through the trials forwards, then backwards; the first one is more', async () => {
    const seen: TuneProgress[] = []
    const onProgress = (progress: TuneProgress) => void seen.push(progress)
    await tune({ rounds: 2, codecs: ['lz4', 'snappy'], layouts: ['milvus'], onProgress })
    const [one, other] = ['milvus lz4', 'milvus snappy']
    expect(seen.map(({ next }) => next)).toEqual([one, other, other, one, one, other, undefined])
    expect(seen.map(({ done, total }) => [done, total])).toEqual(
      [0, 1, 2, 3, 4, 5, 6].map((done) => [done, 6]),
    )
  })

  test('the memory of the sample is given back', async () => {
    const before = memoryUsage().lentBytes
    await sampleSegment(join(directory, 'large'), 60_000)
    await tune({ paths: ['0', '103'].map((name) => join(directory, 'large', name)), rows: 60_000 })
    expect(memoryUsage().lentBytes).toBeLessThanOrEqual(before)
  })
})

describe('two at once, and one that ends early', () => {
  test('two do not meet', async () => {
    const options = { codecs: ['zstd'], levels: [1] } as const
    const [one, other] = await Promise.all([tune(options), tune(options)])
    expect(one.trials.map(({ fileBytes }) => fileBytes)).toEqual(
      other.trials.map(({ fileBytes }) => fileBytes),
    )
  })

  test('an aborted signal rejects with its reason, before and at any trial', async () => {
    const reason = new Error('changed my mind')
    await expect(tune({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    for (const at of [0, 1, 7]) {
      const controller = new AbortController()
      const onProgress = ({ done }: TuneProgress) => {
        if (done === at) controller.abort(reason)
      }
      await expect(tune({ signal: controller.signal, onProgress })).rejects.toBe(reason)
    }
    const controller = new AbortController()
    const running = tune({ signal: controller.signal, rounds: 1000 })
    setTimeout(() => controller.abort(reason), 50)
    await expect(running).rejects.toBe(reason)
  })

  test('an exception of onProgress ends the tuning', async () => {
    const thrown = new Error('no more')
    const onProgress = ({ done }: TuneProgress) => {
      if (done === 3) throw thrown
    }
    await expect(tune({ onProgress })).rejects.toBe(thrown)
  })
})

describe('what cannot be tried', () => {
  test.each([
    ['an unknown option', { level: [1] }, 'Did you mean "levels"?'],
    ['no path', { paths: [] }, 'a non-empty array of paths for paths'],
    ['an unknown layout', { layouts: ['tiny'] }, 'for layouts[0] but received "tiny"'],
    ['an unknown codec', { codecs: ['zstd', 'zip'] }, 'for codecs[1] but received "zip"'],
    ['no codec', { codecs: [] }, 'a non-empty array for codecs'],
    ['a level of no codec', { codecs: ['gzip', 'lz4'], levels: [6, 13] }, 'gzip 1 to 9, lz4 1 to'],
    ['levels without a codec that has any', { codecs: ['snappy'], levels: [1] }, 'snappy none'],
    ['a level that none has', { levels: [23] }, '<= 22 for levels[0]'],
    ['a level in words', { levels: [1, 'best'] }, 'for levels[1] but received "best"'],
    ['auto of no zstd', { codecs: ['gzip'], levels: ['auto'] }, 'gzip 1 to 9) but received auto'],
    ['no rows', { rows: 0 }, 'an integer >= 1 for rows'],
    ['no rounds', { rounds: 0 }, 'for rounds but received 0'],
    ['an unknown goal', { goal: 'best' }, "'size' | 'balanced' | 'speed'"],
  ])('%s', async (_, options, message) => {
    const { code, message: text } = await failure(options)
    expect(code).toBe('InvalidArgument')
    expect(text).toContain(message)
  })

  test('files without rows', async () => {
    const { paths: empty } = await sampleSegment(join(directory, 'empty'), 0)
    expect(await failure({ paths: empty })).toMatchObject({ code: 'InvalidData', path: empty[0] })
  })

  test('files that are missing, damaged, encrypted, or plain without being allowed', async () => {
    expect((await failure({ paths: [join(directory, 'missing')] })).code).toBe('NotFound')
    const damaged = join(directory, 'damaged')
    writeFileSync(damaged, readFileSync(paths[0]!).fill(0xff, 4, 400))
    expect((await failure({ paths: [damaged] })).code).toBe('FileCorrupted')
    expect((await failure({ paths: [plain] })).code).toBe('MetadataCorrupted')
    await using writer = await PackedWriter.open({
      schema: sampleSchema(),
      directory: join(directory, 'secret'),
      encryption: { key: Buffer.from('footer_key_16B__'), keyMetadata: 'somewhere' },
    })
    await writer.write(sampleBatch(0, 10))
    const { groups } = await writer.finish()
    expect((await failure({ paths: groups.map(({ path }) => path) })).code).toBe('Encryption')
  })

  test('a scratch folder that is not there', async () => {
    const missing = join(directory, 'nowhere')
    expect(await failure({ scratch: missing })).toMatchObject({ code: 'NotFound', path: missing })
  })
})
