/** StorageV1 logs of ours, read by a program that shares nothing with the library. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeWithPyarrow, pythonEnvironment } from '../support/python'
import { temporaryDirectory } from '../support/temporary'
import { chunkManager, FIRST, lastSegment, SECOND, vectorOf, written } from '../support/v1-segments'

const fresh = temporaryDirectory('golden-v1')

interface ReadLog {
  ids: string[]
  times: string[]
  payloadType: number
  extras: Record<string, unknown>
  events: {
    kind: number
    first: string
    last: string
    column: string
    type: string
    values: unknown[]
    codec: string
    dictionary: boolean
  }[]
}

function python(script: string, args: readonly string[]): string {
  return execFileSync('python3', [join(__dirname, script), ...args], {
    env: pythonEnvironment(),
    encoding: 'utf8',
  })
}

/** Values of the rows as the program prints them, by column in field order. */
function valuesOf(rows: typeof FIRST): unknown[][] {
  return [
    rows.map(({ key }) => String(key * 1000)),
    rows.map(({ ts }) => String(ts)),
    rows.map(({ key }) => String(key)),
    rows.map(({ note }) => note),
    rows.map(({ key }) => Buffer.from(vectorOf(key)).toString('hex')),
  ]
}

describeWithPyarrow('StorageV1 logs', () => {
  test.each(['codec', 'stream'] as const)('of the %s form hold what was written', async (form) => {
    const logs = await written([FIRST, SECOND], { form })
    const paths = logs.map(({ binlogs }) => join(chunkManager.rootPath, binlogs[0]!.logPath))
    const read = JSON.parse(python('read_v1.py', paths)) as ReadLog[]
    const isCodec = form === 'codec'
    const segment = String(lastSegment())
    expect(read.map(({ ids }) => ids)).toEqual(
      logs.map(({ fieldId }) => ['1', '2', segment, String(fieldId)]),
    )
    expect(read.map(({ payloadType }) => payloadType)).toEqual([5, 5, 5, 21, 101])
    expect(read.map(({ extras }) => extras)).toEqual(
      logs.map(({ binlogs, fieldId }) => ({
        nullable: fieldId === 101n,
        original_size: String(binlogs[0]!.memorySize),
      })),
    )
    for (const [index, { times, events }] of read.entries()) {
      expect(times).toEqual(isCodec ? ['10', '40'] : ['0', '0'])
      const name = isCodec ? 'val' : String(logs[index]!.fieldId)
      const ranges = events.map(({ kind, first, last }) => [kind, first, last])
      expect(ranges).toEqual(
        isCodec
          ? [
              [1, '10', '30'],
              [1, '40', '40'],
            ]
          : [
              [1, '1', '1'],
              [1, '1', '1'],
            ],
      )
      for (const { column, codec } of events) expect([column, codec]).toEqual([name, 'ZSTD'])
      expect(events.map(({ values }) => values)).toEqual(
        [FIRST, SECOND].map((rows) => valuesOf(rows)[index]),
      )
    }
    const types = ['int64', 'int64', 'int64', 'string', 'fixed_size_binary[8]']
    expect(read.map(({ events }) => events[0]!.type)).toEqual(types)
    expect(read.map(({ events }) => events[0]!.dictionary)).toEqual([
      true,
      true,
      isCodec,
      true,
      true,
    ])
  })

  test('made by the golden program hold what the committed ones do', () => {
    python('make_golden_v1.py', [fresh])
    const golden = join(__dirname, '..', 'golden', 'v1')
    const expectedOf = (directory: string) =>
      JSON.parse(readFileSync(join(directory, 'expected.json'), 'utf8')) as Record<string, unknown>
    expect(expectedOf(fresh)).toEqual(expectedOf(golden))
    const inserts = Object.keys(expectedOf(golden)).filter((name) => !name.startsWith('delete'))
    const read = (directory: string) =>
      python(
        'read_v1.py',
        inserts.map((name) => join(directory, name)),
      )
    expect(read(fresh)).toBe(read(golden))
  })
})
