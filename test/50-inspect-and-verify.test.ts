/** What the command says of files, and of files that are not what they say. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packed, packedOutput } from './support/command.js'
import { fixtureCases, fixturePath } from './support/packed-fixtures.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('verify')
const words = join(__dirname, '..', 'examples', 'data', 'words-100d.arrow')
const vega = join(__dirname, '..', 'node_modules', 'vega-datasets', 'data')
const foreign = join(vega, 'flights-3m.parquet')
const scalars = join(directory, 'words', '0')
const vectors = join(directory, 'words', '102')

beforeAll(() => packedOutput(['write', words, '--out', join(directory, 'words')]))

describe('inspect', () => {
  test('shows group, rows, columns, codecs and footer keys', async () => {
    const text = await packedOutput(['inspect', scalars, vectors])
    const lines = text.split('\n').map((line) => line.trim().split(/ {2,}/))
    expect(lines).toContainEqual(['layout', 'packed, column group 0'])
    expect(lines).toContainEqual(['layout', 'packed, column group 1'])
    expect(lines).toContainEqual(['rows', '8,000'])
    expect(lines).toContainEqual(['group_field_id_list', '100,101;102'])
    expect(lines).toContainEqual(['storage_version', '1.0.0'])
    const embedding = lines.find(([name]) => name === 'embedding')!
    expect(embedding.slice(0, 2)).toEqual(['embedding', 'FIXED_LEN_BYTE_ARRAY'])
    expect(embedding).toContain('UNCOMPRESSED')
    expect(lines.find(([name]) => name === 'word')).toContain('ZSTD')
  })

  test('--json has every row group and chunk', async () => {
    const [info] = JSON.parse(await packedOutput(['inspect', vectors, '--json']))
    expect(info).toMatchObject({ path: vectors, layout: 'packed', group: 1, rows: 8000 })
    expect(info.metadata.group_field_id_list).toBe('100,101;102')
    expect(info.fields).toEqual([
      { name: 'embedding', type: 'FixedSizeBinary[400]', nullable: false, fieldId: 102 },
    ])
    const rows = info.rowGroups.map((rowGroup: { rows: number }) => rowGroup.rows)
    expect(rows.reduce((sum: number, count: number) => sum + count, 0)).toBe(8000)
    expect(info.chunks).toHaveLength(rows.length)
    expect(info.fileBytes).toBe(readFileSync(vectors).length)
  })

  test('--compression shows what columns and the file save, labelled', async () => {
    const text = await packedOutput(['inspect', scalars, vectors, '--compression'])
    const [first, second] = text.split(/\n(?=\/)/)
    const lines = first!.split('\n').map((line) => line.trim().split(/ {2,}/))
    expect(lines[0]).toEqual([scalars])
    const sizes = ['original', 'compressed', 'compressed/original', 'saving']
    expect(lines[1]).toEqual(['column', 'type', 'codec', 'encodings', ...sizes])
    const [id, word, all, file] = lines.slice(2)
    expect([id, word, all, file].map((cells) => cells![0])).toEqual([
      'id',
      'word',
      '(all pages)',
      '(Arrow to file)',
    ])
    const numbers = word!.slice(4, 6).map((cell) => Number(cell.replaceAll(',', '')))
    const ratio = numbers[1]! / numbers[0]!
    expect(word!.slice(6)).toEqual([ratio.toFixed(3), `${(100 - 100 * ratio).toFixed(1)} %`])
    expect(file![2]).toBe(readFileSync(scalars).length.toLocaleString('en-US'))
    expect(second).toMatch(/embedding +FIXED_LEN_BYTE_ARRAY +UNCOMPRESSED .* 1\.000 +0\.0 %\n/)
  })

  test('--compression --json has the same as numbers', async () => {
    const [facts] = JSON.parse(await packedOutput(['inspect', scalars, '--compression', '--json']))
    const [info] = JSON.parse(await packedOutput(['inspect', scalars, '--json']))
    expect(Object.keys(facts)).toEqual(['path', 'columns', 'pages', 'file'])
    for (const { column, uncompressedBytes, compressedBytes, ratio, saving } of facts.columns) {
      const chunks = info.chunks.filter((chunk: { column: string }) => chunk.column === column)
      const sum = (name: string): number =>
        chunks.reduce((total: number, chunk: Record<string, number>) => total + chunk[name]!, 0)
      expect([uncompressedBytes, compressedBytes]).toEqual([
        sum('uncompressedBytes'),
        sum('compressedBytes'),
      ])
      expect(ratio).toBe(compressedBytes / uncompressedBytes)
      expect(saving).toBe(1 - compressedBytes / uncompressedBytes)
    }
    expect(facts.file.compressedBytes).toBe(info.fileBytes)
    expect(facts.file.ratio).toBe(info.fileBytes / facts.file.originalBytes)
  })

  test('--compression of a file without rows has the ratio 0', async () => {
    const csv = join(directory, 'empty.csv')
    writeFileSync(csv, 'id\n')
    const types = ['--types', 'id:int64!']
    await packedOutput(['write', csv, '--out', join(directory, 'empty'), ...types])
    const text = await packedOutput(['inspect', join(directory, 'empty', '0'), '--compression'])
    expect(text).toMatch(/\(all pages\) +0 +0 +0\.000 +0\.0 %\n/)
  })

  test('a foreign file is plain', async () => {
    const text = await packedOutput(['inspect', foreign])
    expect(text).toMatch(/layout +plain\n/)
    expect(text).toMatch(/rows +3,000,000\n/)
  })
})

describe('verify', () => {
  test('all files, one file, and a foreign one when lenient, are OK', async () => {
    expect(await packedOutput(['verify', scalars, vectors])).toBe('OK: 2 files, 8,000 rows\n')
    expect(await packedOutput(['verify', join(directory, 'words')])).toBe(
      'OK: 2 files, 8,000 rows\n',
    )
    expect(await packedOutput(['verify', vectors, '--partial'])).toBe('OK: 1 file, 8,000 rows\n')
    expect(await packedOutput(['verify', '--lenient', foreign])).toBe(
      'OK: 1 file, 3,000,000 rows\n',
    )
    expect(JSON.parse(await packedOutput(['verify', scalars, '--partial', '--json']))).toEqual({
      ok: true,
      files: 1,
      rows: 8000,
      problems: [],
    })
  })

  // Not test.each: without the fixtures there is no case, which it takes for a mistake.
  test('real files are OK', async () => {
    for (const [, { files, rows }] of fixtureCases('packed verify of real files')) {
      const paths = files.map(({ name }) => fixturePath(name))
      const count = `${paths.length} ${paths.length === 1 ? 'file' : 'files'}`
      const text = await packedOutput(['verify', ...paths])
      expect(text).toBe(`OK: ${count}, ${rows.toLocaleString('en-US')} rows\n`)
    }
  })

  async function problemsOf(...args: string[]) {
    const { code, stdout, stderr } = await packed(['verify', ...args, '--json'])
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' })
    const { ok, problems } = JSON.parse(String(stdout))
    expect(ok).toBe(false)
    return problems
  }

  /** A copy of a file with its bytes changed. */
  function damaged(name: string, file: string, change: (bytes: Buffer) => Buffer): string {
    const path = join(directory, name)
    writeFileSync(path, change(readFileSync(file)))
    return path
  }

  test('a damaged page, a lost tail and a missing file are each named', async () => {
    const page = damaged('page', scalars, (bytes) => bytes.fill(0xff, 4, 64))
    const tail = damaged('tail', vectors, (bytes) => bytes.subarray(0, bytes.length - 9))
    const missing = join(directory, 'missing')
    const problems = await problemsOf(page, tail, missing)
    expect(problems).toEqual([
      { path: page, code: 'FileCorrupted', message: expect.any(String) },
      { path: tail, code: 'FileCorrupted', message: expect.any(String) },
      { path: missing, code: 'NotFound', message: expect.any(String) },
    ])
  })

  test('groups of which no file is there are named, by number, fields and path', async () => {
    expect(await problemsOf(vectors)).toEqual([
      {
        path: scalars,
        code: 'NotFound',
        message:
          'Expected column group 0 (fields 100, 101), one of 2, but received no file of it; ' +
          '--partial takes some of the files',
      },
    ])
    const lost = join(directory, 'lost')
    const groups = ['--group', '7:id', '--group', '8:embedding', '--group', '9:word']
    await packedOutput(['write', words, '--out', lost, ...groups])
    rmSync(join(lost, '8'))
    const [one] = await problemsOf(lost)
    // These groups are not numbered as Milvus does: nobody knows the name of the file.
    expect(one).toEqual({
      code: 'NotFound',
      message: expect.stringMatching(/^Expected column group 1 \(field 102\), one of 3, but/),
    })
    const { stdout } = await packed(['verify', scalars])
    expect(String(stdout)).toMatch(
      /^\S+words\/102: NotFound: Expected column group 1 \(field 102\)/,
    )
  })

  test('a group of a segment as Milvus lays it out is named by its folder', async () => {
    const folder = join(directory, 'tree', '3')
    mkdirSync(join(folder, '0'), { recursive: true })
    copyFileSync(scalars, join(folder, '0', '445'))
    const [problem] = await problemsOf(join(folder, '0', '445'))
    expect(problem.path).toBe(`${folder}/102/`)
    const { code, stderr } = await packed(['verify', folder])
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `packed: NotFound: Expected files right in ${folder} but received none but folders (0)\n`,
    })
  })

  test('text that is no UTF-8 any more is named', async () => {
    const csv = join(directory, 'text.csv')
    writeFileSync(csv, 'id,name\n1,plain\n2,needle\n')
    const codec = ['--codec', 'uncompressed']
    await packedOutput(['write', csv, '--out', join(directory, 'text'), ...codec])
    const broken = damaged('broken', join(directory, 'text', '0'), (bytes) => {
      bytes[bytes.indexOf('needle')] = 0xff
      return bytes
    })
    const problem = {
      path: broken,
      code: 'InvalidData',
      message: expect.stringContaining('"name"'),
    }
    expect(await problemsOf(broken)).toEqual([problem])
  })

  test('row counts that lie are named, in text too', async () => {
    const lying = damaged('lying', scalars, (bytes) => {
      const at = bytes.lastIndexOf('|8000|0')
      bytes.write('|7999|0', at, 'latin1')
      return bytes
    })
    const { code, stdout } = await packed(['verify', lying, '--partial'])
    expect(code).toBe(1)
    expect(String(stdout)).toMatch(/^\S*lying: MetadataCorrupted: .*7999.*\n$/)
  })

  test('a foreign file without --lenient is a problem', async () => {
    expect(await problemsOf(foreign)).toEqual([
      { path: foreign, code: 'MetadataCorrupted', message: expect.stringContaining('group_field') },
    ])
  })

  test('files of different segments do not belong together', async () => {
    const csv = join(directory, 'other.csv')
    writeFileSync(csv, 'id\n1\n')
    await packedOutput(['write', csv, '--out', join(directory, 'other')])
    const other = join(directory, 'other', '0')
    const problems = await problemsOf(scalars, other)
    expect(problems.map(({ path, message }: Record<string, string>) => [path, message])).toEqual([
      [other, expect.stringMatching(/group_field_id_list 100,101;102 .* received 100$/)],
      [other, expect.stringMatching(/rows 8000 .* received 1$/)],
    ])
  })

  test('the same group twice is a problem', async () => {
    const copy = join(directory, 'copy')
    copyFileSync(scalars, copy)
    expect(await problemsOf(scalars, copy, '--partial')).toHaveLength(1)
  })
})
