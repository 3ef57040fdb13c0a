/** `packed tune` as a user runs it: table, picture, advice, JSON and files. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { percent, shortBytes } from '../lib/cli/text.js'
import { megabytes, sampleText } from '../lib/cli/tune/figures.js'
import { tunePicture } from '../lib/cli/tune/picture.js'
import { progressText } from '../lib/cli/tune/progress.js'
import { tuneAdvice, tuneHead, tuneTable } from '../lib/cli/tune/report.js'
import type { TuneResult } from '../lib/index.js'
import { COMMAND, packed, packedOutput } from './support/command.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'
import { resultOf, TRIALS } from './support/tune.js'

const directory = temporaryDirectory('tune-command')
const scratch = join(directory, 'scratch')
const words = join(__dirname, '..', 'examples', 'data', 'words-100d.arrow')
const files = ['0', '102'].map((group) => join(directory, 'words', group))
const QUICK = ['--codecs', 'zstd,snappy', '--levels', '1', '--rounds', '1', '--scratch', scratch]

beforeAll(async () => {
  mkdirSync(scratch)
  await packedOutput(['write', words, '--out', join(directory, 'words')])
})

afterEach(() => expect(filesBelow(scratch)).toEqual([]))

describe('packed tune', () => {
  test('prints a table, a picture and advice', async () => {
    const text = await packedOutput(['tune', ...files, ...QUICK, '--layouts', 'milvus,fast'])
    expect(text).toMatch(
      /^\S+words\/0, \S+words\/102: all 8,000 rows, 3\.\d\d MB in Arrow memory$/m,
    )
    for (const name of ['milvus zstd 1', 'milvus snappy', 'fast zstd 1', 'fast snappy']) {
      const line = new RegExp(
        `^>? *${name} +[\\d,]{9} +0\\.\\d{3} +\\d+\\.\\d %( +[\\d.,]+){2}`,
        'm',
      )
      expect(text).toMatch(line)
      expect(text).toMatch(
        new RegExp(`^>? *${name} +[█▏▎▍▌▋▊▉]+ +\\d\\.\\d\\d MB +[█▏▎▍▌▋▊▉]`, 'm'),
      )
    }
    expect(text).toMatch(/^ *as it is +[\d,]{9} +0\.\d{3} +\d+\.\d % +- +-$/m)
    expect(text).toMatch(/^balanced: (milvus|fast) (zstd 1|snappy): .+\n {2}layout: '/m)
    expect(text).toMatch(/^size: /m)
    expect(text).toMatch(/^speed: /m)
  })

  test('--json has everything; --goal, --rows and --sample-bytes are heard', async () => {
    const args = ['--json', '--goal', 'size', '--rows', '500', '--sample-bytes', '1M']
    const result: TuneResult = JSON.parse(
      await packedOutput(['tune', files[1]!, ...QUICK, ...args]),
    )
    expect(result).toMatchObject({ paths: [files[1]], rows: 8000, rounds: 1 })
    expect(result.sample).toEqual({ rows: 500, blocks: 1, arrowBytes: 500 * 400 })
    expect(result.recommendation).toEqual(result.recommendations.size)
    expect(result.trials.length).toBeGreaterThanOrEqual(4)
    expect(result.trials[0]).toMatchObject({ name: 'milvus zstd 1', level: 1, isDefault: false })
  })

  test('--html writes a page, and replaces one only when told', async () => {
    const page = join(directory, 'page.html')
    await packedOutput(['tune', ...files, ...QUICK, '--html', page])
    const before = readFileSync(page, 'utf8')
    expect(before).toMatch(/^<!doctype html>/)
    const again = await packed(['tune', ...files, ...QUICK, '--html', page])
    expect({ code: again.code, stdout: again.stdout.length }).toEqual({ code: 1, stdout: 0 })
    expect(again.stderr).toMatch(/^packed: AlreadyExists: .*--if-exists replace/)
    const replace = ['--html', page, '--if-exists', 'replace']
    await packedOutput(['tune', ...files, ...QUICK, ...replace, '--goal', 'size'])
    expect(readFileSync(page, 'utf8')).not.toBe(before)
  })

  test.each([
    ['an unknown layout', ['--layouts', 'tiny'], 'Expected some of milvus, fast'],
    ['an unknown codec', ['--codecs', 'zstd,zip'], 'but received "zip"'],
    ['levels that are no numbers', ['--levels', '1,x'], 'Expected a whole number'],
    ['no rows', ['--rows', '0'], 'Expected at least 1 but received "0"'],
    ['an unknown goal', ['--goal', 'best'], 'Allowed choices are size, balanced, speed'],
  ])('%s is a usage error', async (_, args, message) => {
    const { code, stderr } = await packed(['tune', ...files, ...args])
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })

  test('a level that no codec has, and a file that is not there', async () => {
    const level = await packed(['tune', ...files, '--codecs', 'gzip', '--levels', '12'])
    expect(level).toMatchObject({ code: 1 })
    expect(level.stderr).toMatch(/^packed: InvalidArgument: .*gzip 1 to 9.* received 12\n$/)
    const missing = await packed(['tune', join(directory, 'missing')])
    expect(missing.stderr).toMatch(/^packed: NotFound: /)
  })

  test('a level that is chosen by the kind of column is tried and said', async () => {
    const page = join(directory, 'auto.html')
    const args = ['--codecs', 'zstd', '--levels', 'auto', '--layouts', 'small', '--rounds', '1']
    const text = await packedOutput([
      ...['tune', ...files, ...args, '--scratch', scratch, '--html', page],
    ])
    expect(text).toMatch(/^> *small zstd auto +[\d,]+ +0\.\d{3} /m)
    expect(text).toContain("layout: 'small', compression: { codec: 'zstd', level: 'auto' }")
    expect(readFileSync(page, 'utf8')).toContain('<h1>small <em>zstd auto</em></h1>')
  })

  test('an interrupt removes what was made', async () => {
    const args = ['tune', ...files, '--scratch', scratch, '--rounds', '1000']
    const child = spawn(process.execPath, [COMMAND, ...args, '--html', join(directory, 'no.html')])
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    const closed = once(child, 'close')
    while (filesBelow(scratch).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    child.kill('SIGINT')
    const [code] = await closed
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'packed: Aborted: interrupted\n' })
    expect(existsSync(join(directory, 'no.html'))).toBe(false)
  })
})

describe('texts', () => {
  test('head, table and advice', () => {
    const result = resultOf()
    expect(tuneHead(result)).toBe(
      'seg/0, seg/101: 200,000 of 1,000,000 rows in 16 runs spread evenly, 10.0 MB in Arrow ' +
        'memory\nmedians of 3 rounds after one that does not count; 2 cores, Abacus; files in ' +
        'the page cache\n',
    )
    const cells = tuneTable(result)
      .split('\n')
      .map((line) => line.trim().split(/ {2,}/))
    expect(cells.slice(0, -2)).toEqual([
      ['settings', 'bytes', 'ratio', 'saving', 'write MB/s', 'read MB/s'],
      ['milvus zstd 9', '3,000,000', '0.300', '70.0 %', '12.5', '250'],
      ['>', 'milvus zstd 3', '4,000,000', '0.400', '60.0 %', '167', '250', 'default'],
      ['milvus gzip', '4,100,000', '0.410', '59.0 %', '20.0', '111'],
      ['fast lz4', '6,000,000', '0.600', '40.0 %', '667', '1,000'],
      ['as it is', '~5,000,000', '0.500', '50.0 %', '-', '-'],
    ])
    expect(tuneAdvice(result)).toBe(
      'balanced: milvus zstd 3: the least time\n' +
        "  layout: 'milvus', compression: { codec: 'zstd', level: 3 }\n" +
        'size: milvus zstd 9: the smallest files\n' +
        'speed: fast lz4: the least time to write and read\n',
    )
  })

  test('rounds that are far apart are named', () => {
    const [first] = TRIALS
    const write = { ...first!.write, leastMs: 50, mostMs: 90 }
    const trial = { ...first!, write }
    expect(tuneTable(resultOf({ trials: [trial] }))).toMatch(/ 250 {2}default, write 50 to 90 ms$/m)
  })

  test('bars are as long as their figures, the longest as long as there is room', () => {
    const lines = tunePicture(resultOf(), { columns: 80, color: false }).split('\n')
    expect(lines.every((line) => line.length <= 80)).toBe(true)
    const lengths = lines.slice(1, -1).map((line) => {
      const [, ...bars] = line.split(/ {2,}(?=[█▏▎▍▌▋▊▉])/)
      return bars.map((bar) => {
        const cells = bar.split(' ')[0]!
        const eighths = ' ▏▎▍▌▋▊▉'.indexOf(cells.replaceAll('█', '') || ' ')
        return 8 * cells.replace(/[^█]/g, '').length + eighths
      })
    })
    const longest = Math.max(...lengths.flat())
    const share = (part: number) => Math.round(longest * part)
    expect(lengths).toEqual([
      [share(3 / 6), share(12.5 / 666.7), share(250 / 1000)],
      [share(4 / 6), share(166.7 / 666.7), share(250 / 1000)],
      [share(4.1 / 6), share(20 / 666.7), share(111.1 / 1000)],
      [longest, longest, longest],
    ])
    expect(lines[2]).toMatch(/^> milvus zstd 3 /)
  })

  test('a terminal with colours has the recommended line in one', () => {
    const plain = tunePicture(resultOf(), { columns: undefined, color: false })
    const colored = tunePicture(resultOf(), { columns: undefined, color: true })
    const esc = String.fromCharCode(27)
    const parts = colored.split(new RegExp(`${esc}\\[[0-9;]+m`))
    expect(parts.join('')).toBe(plain)
    expect(parts.find((part) => part.startsWith('> milvus zstd 3'))).toContain('4.00 MB')
  })

  test('figures', () => {
    expect([0, 999, 1000, 999_499, 999_500, 1.234e6, 45.67e9].map(shortBytes)).toEqual([
      '0 bytes',
      '999 bytes',
      '1.00 kB',
      '999 kB',
      '1.00 MB',
      '1.23 MB',
      '45.7 GB',
    ])
    expect([0, 5.555e6, 55.55e6, 99.96e6, 1234.5e6].map(megabytes)).toEqual([
      '0.00',
      '5.55',
      '55.5',
      '100',
      '1,235',
    ])
    expect(percent(0.12345)).toBe('12.3 %')
    expect(sampleText(resultOf({ rows: 200_000 }))).toBe(
      'all 200,000 rows, 10.0 MB in Arrow memory',
    )
    expect(progressText({ done: 3, total: 9, next: 'fast lz4' })).toBe('3 of 9 trials | fast lz4')
    expect(progressText({ done: 9, total: 9, next: undefined })).toBe('9 of 9 trials')
  })
})
