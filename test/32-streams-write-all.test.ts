/** Writing from whatever yields batches: one at a time, ends and failures. */
import { PassThrough, Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { type RecordBatch, RecordBatchReader, RecordBatchStreamWriter, Table } from 'apache-arrow'
import { exportRecordBatch } from '../lib/cdata/public.js'
import { type BatchInput, PackedReader, type WriteSource } from '../lib/index.js'
import { rejection } from './support/rejection.js'
import { sampleBatch } from './support/sample.js'
import { expectWritten, THIRDS_ROWS, thirds, writersIn } from './support/stream-writing.js'

const open = writersIn('streams-write-all')

/** Yields the thirds, and says whether it was asked to end. */
function watched(): { source: AsyncIterable<RecordBatch>; asked: number; returned: boolean } {
  const seen = {
    asked: 0,
    returned: false,
    source: {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          const value = thirds()[seen.asked++]
          return value === undefined ? { done: true as const, value } : { done: false, value }
        },
        return: async () => {
          seen.returned = true
          return { done: true as const, value: undefined }
        },
      }),
    },
  }
  return seen
}

describe('writeAll', () => {
  const ipc = () => RecordBatchStreamWriter.writeAll(thirds()).toUint8Array(true)
  const sources: [string, () => BatchInput | WriteSource | Promise<WriteSource>][] = [
    ['a RecordBatch', () => sampleBatch(0, THIRDS_ROWS)],
    ['a Table', () => new Table(thirds())],
    ['ArrowCData', () => exportRecordBatch(sampleBatch(0, THIRDS_ROWS))],
    ['an array', thirds],
    ['an array of promises', () => thirds().map((batch) => Promise.resolve(batch))],
    ['tables and batches', () => [new Table(thirds().slice(0, 2)), thirds()[2]!]],
    [
      'a generator',
      () =>
        (function* () {
          yield* thirds()
        })(),
    ],
    [
      'an async generator',
      () =>
        (async function* () {
          yield* thirds()
        })(),
    ],
    ['a RecordBatchReader', () => RecordBatchReader.from(ipc())],
    ['an asynchronous RecordBatchReader', () => RecordBatchReader.from(Readable.from([ipc()]))],
    ['a Node stream', () => Readable.from(thirds())],
    ['a WHATWG stream', () => Readable.toWeb(Readable.from(thirds()))],
  ]
  test.each(sources)('takes %s', async (_, make) => {
    const opened = await open()
    await opened.writer.writeAll(await make())
    await expectWritten(opened)
  })

  test('takes another reader', async () => {
    const first = await open()
    await first.writer.writeAll(thirds())
    const { groups } = await first.writer.finish()
    const reader = await PackedReader.open({
      paths: groups.map(({ path }) => path),
      releasePrevious: true,
    })
    const second = await open()
    await second.writer.writeAll(reader)
    await expectWritten(second)
    await reader.close()
  })

  test('asks for an item when the one before is written', async () => {
    const opened = await open()
    const rows: number[] = []
    function* source() {
      for (const batch of thirds()) {
        rows.push(opened.writer.progress.rows)
        yield batch
      }
    }
    await opened.writer.writeAll(source())
    expect(rows).toEqual([0, 100, 200])
    await expectWritten(opened)
  })

  test('nothing: no item, no rows', async () => {
    const opened = await open()
    await opened.writer.writeAll([])
    await opened.writer.writeAll(Readable.from([]))
    expect((await opened.writer.finish()).rows).toBe(0)
  })

  test('a source that fails aborts the writer', async () => {
    const { writer, files } = await open()
    async function* source() {
      yield sampleBatch(0, 1)
      throw new Error('source')
    }
    await expect(writer.writeAll(source())).rejects.toThrow('source')
    expect(files()).toEqual([])
    const error = await rejection(() => writer.write(sampleBatch(1, 1)))
    expect([error.code, error.cause]).toEqual(['Closed', new Error('source')])
    await writer.close()
  })

  test('a write that fails closes the source', async () => {
    const { writer, files } = await open()
    let cancelled: unknown
    const stream = new ReadableStream({
      pull: (controller) => controller.enqueue({ no: 'batch' } as never),
      cancel: (reason) => {
        cancelled = reason
      },
    })
    const error = await rejection(() => writer.writeAll(stream))
    expect(error.code).toBe('InvalidArgument')
    expect(cancelled).toBe(error)
    const readable = Readable.from(thirds())
    expect((await rejection(() => writer.writeAll(readable))).code).toBe('Closed')
    expect(readable.destroyed).toBe(true)
    const seen = watched()
    expect((await rejection(() => writer.writeAll(seen.source))).code).toBe('Closed')
    expect(seen.returned).toBe(true)
    expect(files()).toEqual([])
  })

  test('a source that is read to its end is not closed', async () => {
    const opened = await open()
    const seen = watched()
    await opened.writer.writeAll(seen.source)
    expect([seen.asked, seen.returned]).toEqual([4, false])
    await expectWritten(opened)
  })

  const hanging: [string, () => WriteSource, (source: never) => boolean][] = [
    ['a Node stream', () => new PassThrough({ objectMode: true }), (s: Readable) => s.destroyed],
    [
      'an iterator',
      () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }),
      () => true,
    ],
  ] as never
  describe.each(hanging)('%s that hangs', (_, make, isClosed) => {
    test('does not hold up an abort', async () => {
      const controller = new AbortController()
      const { writer, files } = await open({ signal: controller.signal })
      const source = make()
      const writing = writer.writeAll(source)
      writing.catch(() => {})
      controller.abort(new Error('stop'))
      await expect(writing).rejects.toThrow('stop')
      expect(isClosed(source as never)).toBe(true)
      await writer.close()
      expect(files()).toEqual([])
    })

    test('does not hold up a close', async () => {
      const { writer, files } = await open()
      const source = make()
      const writing = rejection(() => writer.writeAll(source))
      await writer.close()
      expect((await writing).code).toBe('Closed')
      expect(isClosed(source as never)).toBe(true)
      expect(files()).toEqual([])
    })
  })

  test.each([5, 'text', null, undefined, {}])('refuses %p, and stays open', async (source) => {
    const opened = await open()
    const error = await rejection(() => opened.writer.writeAll(source as never))
    expect(error.code).toBe('InvalidArgument')
    await opened.writer.writeAll(thirds())
    await expectWritten(opened)
  })

  test('refuses a stream that someone else reads', async () => {
    const opened = await open()
    const stream = new ReadableStream()
    stream.getReader()
    await expect(opened.writer.writeAll(stream)).rejects.toThrow(/locked/)
    await opened.writer.close()
  })
})
