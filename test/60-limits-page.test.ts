/** What docs/limits.md says is refused is refused; every line of it is shown here or by another test. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import {
  type DataType,
  DenseUnion,
  Field,
  FixedSizeList,
  Float32,
  Int32,
  Int64,
  IntervalYearMonth,
  Schema,
  Table,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import {
  arrowDefaults,
  createCollectionSchema,
  FIELD_ID_KEY,
  LocalChunkManager,
  PackedReader,
  PackedRecordWriter,
  PackedWriter,
  type PackedWriterOptions,
  parseFilter,
  type StorageConfig,
  writeDeleteLog,
} from '../lib/index.js'
import { NOT_SHOWN, SHOWN_ELSEWHERE } from './support/limits.js'
import { readPage } from './support/page-code.js'
import { rejection } from './support/rejection.js'
import { sampleBatch, sampleSchema } from './support/sample.js'
import { deletes } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const ROOT = join(__dirname, '..')
const directory = temporaryDirectory('limits')
const page = readPage('docs/limits.md')
/** Items of the lists, on one line each. */
const items = [...page.matchAll(/^\* ([\s\S]*?)(?=\n\* |\n\n|$(?![\s\S]))/gm)].map(([, text]) =>
  text!.replace(/\s+/g, ' '),
)
const shownHere = new Set<string>()
let folders = 0

/** A test of the item that has these words. */
function item(words: string, body: () => Promise<void>): void {
  shownHere.add(words)
  test(words, body)
}

/** The code with which a writer of one column is refused; `opened` where it is not. */
async function codeOfWriter(
  type: DataType,
  options: Partial<PackedWriterOptions> = {},
): Promise<string> {
  const schema = new Schema([new Field('x', type, true, new Map([[FIELD_ID_KEY, '100']]))])
  const folder = join(directory, String(folders++))
  try {
    await (await PackedWriter.open({ schema, directory: folder, ...options })).close()
  } catch (error) {
    return (error as { code: string }).code
  }
  return 'opened'
}

async function writtenPaths(): Promise<string[]> {
  const folder = join(directory, String(folders++))
  const writer = await PackedWriter.open({ schema: sampleSchema(), directory: folder })
  await writer.write(sampleBatch(0, 10))
  return (await writer.finish()).groups.map(({ path }) => path)
}

const REMOTE: StorageConfig = {
  storageType: 'remote',
  address: '127.0.0.1:9',
  bucketName: 'b',
  region: 'us-east-1',
  accessKeyId: 'a',
  secretAccessKey: 's',
}

describe('not the task', () => {
  item('Filters are comparisons of columns with constants', async () => {
    const paths = await writtenPaths()
    for (const filter of ['id = id', 'count(id) > 3', 'id + 1 = 2']) {
      expect((await rejection(() => parseFilter(filter))).code).toBe('InvalidArgument')
    }
    const open = (filter: unknown) => PackedReader.open({ paths, filter: filter as never })
    expect((await rejection(() => open([['id', '=', { column: 'id' }]]))).code).toBe(
      'InvalidArgument',
    )
    expect((await rejection(() => open([['embedding', '=', 1]]))).code).toBe('UnsupportedType')
  })
})

describe('formats', () => {
  item('interval, union, run-end encoded and lists', async () => {
    expect(await codeOfWriter(new IntervalYearMonth())).toBe('UnsupportedType')
    const union = new DenseUnion([0], [new Field('a', new Int32())])
    expect(await codeOfWriter(union)).toBe('UnsupportedType')
    const emptyOf = (type: DataType) => new FixedSizeList(0, new Field('', type))
    expect(await codeOfWriter(emptyOf(new Int32()))).toBe('UnsupportedType')
    expect(await codeOfWriter(emptyOf(new Float32()))).toBe('InvalidSchema')
  })

  item('No LZO and no LZ4 in the old Hadoop framing', async () => {
    for (const codec of ['lzo', 'lz4_hadoop']) {
      const compression = { codec } as never
      expect(await codeOfWriter(new Int64(), { compression })).toBe('InvalidArgument')
    }
    expect(await codeOfWriter(new Int64(), { compression: { codec: 'lz4' } })).toBe('opened')
  })

  item("PLAIN and dictionary are for `'fast'` and `'small'` only", async () => {
    const columns = { x: { encoding: 'deltaBinaryPacked' as const } }
    expect(await codeOfWriter(new Int64(), { columns, layout: 'milvus' })).toBe('NotSupported')
    expect(await codeOfWriter(new Int64(), { columns, layout: 'fast' })).toBe('opened')
    expect(await codeOfWriter(new Int64(), { columns, layout: 'small' })).toBe('opened')
  })

  item('Data files are Parquet', async () => {
    const columnGroups = [{ fieldIds: [100, 101, 102, 103], format: 'vortex' }]
    const error = await rejection(async () =>
      PackedRecordWriter.open({
        schema: sampleSchema(),
        columnGroups: columnGroups as never,
        paths: [join(directory, 'vortex')],
      }),
    )
    expect(error.code).toBe('NotSupported')
    expect(error.message).toContain('vortex')
  })

  item('default values of Geometry fields as text', async () => {
    const defaultsWith = (defaultValue: string | Uint8Array) =>
      arrowDefaults(
        createCollectionSchema({
          name: 'places',
          fields: [
            { name: 'id', dataType: 'Int64', isPrimaryKey: true },
            { name: 'at', dataType: 'Geometry', nullable: true, defaultValue },
          ],
        }),
      )
    const error = await rejection(() => defaultsWith('POINT (1 2)'))
    expect([error.code, error.field]).toEqual(['NotSupported', 'at'])
    const wkb = new Uint8Array(21)
    expect(defaultsWith(wkb)).toEqual({ at: wkb })
  })
})

describe('reading and writing', () => {
  item('Rows by position of a `PackedReader`', async () => {
    const paths = await writtenPaths()
    const reader = await PackedReader.open({ paths, filter: [['id', '>', 3]] })
    const group = () => reader.readRowGroup({ group: 0, index: 0 })
    for (const call of [() => reader.take([0]), group]) {
      expect((await rejection(call)).code).toBe('NotSupported')
    }
    expect((await reader.toTable()).numRows).toBe(6)
    await reader.close()
  })

  item('No append to a file that is finished', async () => {
    const [path] = await writtenPaths()
    const before = readFileSync(path!, 'hex')
    const again = () => PackedWriter.open({ schema: sampleSchema(), directory: dirname(path!) })
    expect((await rejection(again)).code).toBe('AlreadyExists')
    expect(readFileSync(path!, 'hex')).toBe(before)
  })

  item('A write that fails ends the writer', async () => {
    const folder = join(directory, String(folders++))
    const writer = await PackedWriter.open({ schema: sampleSchema(), directory: folder })
    const wrong = new Table({ id: vectorFromArray(['a'], new Utf8()) })
    await rejection(() => writer.write(wrong))
    expect((await rejection(() => writer.write(sampleBatch(0, 1)))).code).toBe('Closed')
    expect((await rejection(() => writer.finish())).code).toBe('Closed')
    await writer.close()
  })
})

describe('object stores', () => {
  item("Roles (`roleArn`) are for `cloudProvider: 'aws'`", async () => {
    const storage = { ...REMOTE, cloudProvider: 'tencent', roleArn: 'arn:x' } as StorageConfig
    const open = () => PackedReader.open({ paths: ['x'], storage })
    expect((await rejection(open)).code).toBe('InvalidArgument')
  })

  item("`tlsMinVersion: '1.3'` cannot be promised", async () => {
    const storage: StorageConfig = { ...REMOTE, useSsl: true, tlsMinVersion: '1.3' }
    const open = () => PackedReader.open({ paths: ['x'], storage })
    expect((await rejection(open)).code).toBe('NotSupported')
  })

  item('need a storage that native code reaches', async () => {
    const chunkManager = Object.create(new LocalChunkManager({ rootPath: directory }), {
      storage: { value: undefined },
    }) as LocalChunkManager
    const log = deletes([1n, 5])
    const ids = { collectionId: 1, partitionId: 2, segmentId: 3, logId: 4 }
    const write = () => writeDeleteLog(chunkManager, 'log', log, { ...ids, format: 'packed' })
    expect(await rejection(write)).toMatchObject({ code: 'NotSupported', path: 'log' })
  })
})

describe('every item', () => {
  const shown = [...shownHere, ...Object.keys(SHOWN_ELSEWHERE), ...NOT_SHOWN]

  test('is shown by a test, or is known as one that cannot be', () => {
    expect(items).toHaveLength(page.match(/^\* /gm)!.length)
    expect(items.filter((text) => !shown.some((words) => text.includes(words)))).toEqual([])
  })

  test('that has a test is on the page', () => {
    expect(shown.filter((words) => !items.some((text) => text.includes(words)))).toEqual([])
  })

  test.each(Object.entries(SHOWN_ELSEWHERE))('%s: its test is there', (_, [file, name]) => {
    expect(readFileSync(join(ROOT, file), 'utf8')).toContain(name)
  })
})
