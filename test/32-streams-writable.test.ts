/** Streams into a writer: back-pressure in bytes, publishing at the end, nothing otherwise. */
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { rejection } from './support/rejection.js'
import { sampleBatch } from './support/sample.js'
import { expectWritten, THIRDS_ROWS, thirds, writersIn } from './support/stream-writing.js'

const open = writersIn('streams-writable')

describe('a Node stream into a writer', () => {
  test('is finished when the files are there', async () => {
    const opened = await open()
    const { writer, files } = opened
    const stream = writer.toWritable()
    const during = once(stream, 'finish').then(() => files().length)
    await pipeline(Readable.from(thirds()), stream)
    expect(await during).toBe(2)
    expect(writer.result?.rows).toBe(THIRDS_ROWS)
    await expectWritten(opened)
    await writer.close()
    expect(files().length).toBe(2)
  })

  test('is full at bufferBytes, and drains', async () => {
    const batch = sampleBatch(0, 100)
    const bytes = batch.data.byteLength
    const opened = await open({ bufferBytes: bytes * 2 })
    const stream = opened.writer.toWritable()
    expect(stream.write(sampleBatch(0, 100))).toBe(true)
    expect(stream.write(sampleBatch(100, 100))).toBe(false)
    expect(stream.write(sampleBatch(200, 50))).toBe(false)
    await once(stream, 'drain')
    expect(opened.writer.progress.rows).toBe(250)
    expect(stream.write(sampleBatch(250, 50))).toBe(true)
    await new Promise<void>((done) => void stream.end(done))
    await expectWritten(opened)
  })

  test('takes thousands of small batches through a pipe', async () => {
    const opened = await open({ bufferBytes: 4096 })
    const rows = Array.from({ length: 2000 }, (_, row) => sampleBatch(row, 1))
    const stream = Readable.from(rows).pipe(opened.writer.toWritable())
    await once(stream, 'finish')
    await expectWritten(opened, 2000)
  })

  test.each([false, true])('destroyed (with an error: %s), it leaves nothing', async (fails) => {
    const { writer, files } = await open()
    const stream = writer.toWritable()
    stream.on('error', () => {})
    stream.write(sampleBatch(0, 100))
    stream.destroy(fails ? new Error('enough') : undefined)
    await new Promise((done) => stream.once('close', done))
    expect(files()).toEqual([])
    expect((await rejection(() => writer.finish())).code).toBe('Closed')
    expect(writer.result).toBeUndefined()
  })

  test('a source that fails publishes nothing', async () => {
    const { writer, files } = await open()
    async function* source() {
      yield* thirds()
      throw new Error('source')
    }
    const stream = writer.toWritable()
    const closed = new Promise((done) => stream.once('close', done))
    await expect(pipeline(source, stream)).rejects.toThrow('source')
    await closed
    expect(files()).toEqual([])
  })

  test('a bad item fails the stream and its source', async () => {
    const { writer, files } = await open()
    const source = Readable.from([sampleBatch(0, 1), { no: 'batch' }, sampleBatch(1, 1)])
    const error = await rejection(() => pipeline(source, writer.toWritable()))
    expect(error.code).toBe('InvalidArgument')
    expect(source.destroyed).toBe(true)
    expect(files()).toEqual([])
  })

  test('of a writer that is closed fails', async () => {
    const { writer } = await open()
    await writer.close()
    const error = await rejection(() => pipeline(Readable.from(thirds()), writer.toWritable()))
    expect(error.code).toBe('Closed')
  })
})

describe('a WHATWG stream into a writer', () => {
  test('publishes when it is closed', async () => {
    const opened = await open()
    await Readable.toWeb(Readable.from(thirds())).pipeTo(opened.writer.toWritableStream())
    expect(opened.writer.result?.rows).toBe(THIRDS_ROWS)
    await expectWritten(opened)
  })

  test('counts bytes against bufferBytes', async () => {
    const bytes = sampleBatch(0, 100).data.byteLength
    const opened = await open({ bufferBytes: bytes * 2 })
    const writer = opened.writer.toWritableStream().getWriter()
    expect(writer.desiredSize).toBe(bytes * 2)
    const writes = [writer.write(sampleBatch(0, 100)), writer.write(sampleBatch(100, 200))]
    expect(writer.desiredSize).toBeLessThanOrEqual(0)
    await writer.ready
    await Promise.all(writes)
    expect(writer.desiredSize).toBe(bytes * 2)
    await writer.close()
    await expectWritten(opened)
  })

  test('aborted, it leaves nothing', async () => {
    const { writer, files } = await open()
    const stream = writer.toWritableStream().getWriter()
    void stream.write(sampleBatch(0, 100)).catch(() => {})
    stream.closed.catch(() => {})
    await stream.abort(new Error('enough'))
    expect(files()).toEqual([])
    expect((await rejection(() => writer.finish())).code).toBe('Closed')
  })

  test('a bad item fails it, and leaves nothing', async () => {
    const { writer, files } = await open()
    const stream = writer.toWritableStream().getWriter()
    stream.closed.catch(() => {})
    stream.ready.catch(() => {})
    expect((await rejection(() => stream.write(null as never))).code).toBe('InvalidArgument')
    await expect(stream.close()).rejects.toThrow()
    expect(files()).toEqual([])
  })
})
