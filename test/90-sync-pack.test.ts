/** What a sync is handed, and how failures are sorted and tried again. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { PackedError } from '../lib/errors/index.js'
import { recordBytes } from '../lib/schema/index.js'
import { classifySyncError, metaFailure, retrying, SyncPack } from '../lib/sync/index.js'
import { recordOf } from './support/records.js'
import { rejection } from './support/rejection.js'
import { BOOKS, book, chunk, deletes } from './support/segments.js'
import { position } from './support/sync.js'

const FAST = { maxAttempts: 3, initialDelayMs: 1, maxDelayMs: 2 }

describe('SyncPack', () => {
  test('keeps what its setters were given', () => {
    const pack = new SyncPack()
      .withCollectionId(1)
      .withPartitionId(-1)
      .withSegmentId(3n)
      .withChannelName('c')
      .withTimeRange(5, 6n)
      .withStartPosition(position(1))
      .withCheckpoint(position(2))
      .withLevel('L0')
    expect(pack).toMatchObject({
      ...{ collectionId: 1n, partitionId: -1n, segmentId: 3n, channelName: 'c', level: 'L0' },
      ...{ timeRange: { from: 5n, to: 6n }, startPosition: position(1), checkpoint: position(2) },
      ...{ batchRows: 0, payloadBytes: 0, isFlush: false, isDrop: false },
    })
  })

  test('flush and drop are one-way', () => {
    const pack = new SyncPack().withFlush().withDrop().withFlush()
    expect([pack.isFlush, pack.isDrop]).toEqual([true, true])
  })

  test('undefined chunks and those without rows are left out', () => {
    const rows = chunk(BOOKS, [book(1, 10), book(2, 20)])
    const pack = new SyncPack().withInsertData([undefined, rows, chunk(BOOKS, []), undefined])
    expect(pack.insertData).toEqual([rows])
    expect([pack.batchRows, pack.payloadBytes]).toEqual([2, rows.memorySize()])
    expect(pack.withBatchRows(7).batchRows).toBe(7)
  })

  test('records count by their Arrow bytes, deletes by their own', () => {
    const record = recordOf(0, 4)
    const bytes = [...recordBytes(record).values()].reduce((sum, size) => sum + size, 0)
    const pack = new SyncPack().withInsertData([record]).withDeleteData(deletes([1n, 5], [2n, 6]))
    expect([pack.batchRows, pack.payloadBytes]).toEqual([4, bytes + 48])
  })

  test('deletes without any are none', () => {
    expect(new SyncPack().withDeleteData(deletes()).deleteData).toBeUndefined()
  })

  test('release lets go of the payload and keeps what is known of it, also twice', () => {
    const pack = new SyncPack().withInsertData([chunk(BOOKS, [book(1, 10)])]).withSegmentId(3)
    pack.withDeleteData(deletes([1n, 5])).release()
    pack.release()
    expect(pack).toMatchObject({ insertData: [], deleteData: undefined, payloadBytes: 0 })
    expect(pack).toMatchObject({ batchRows: 1, segmentId: 3n })
  })

  test.each([
    ['insertData', () => new SyncPack().withInsertData({} as never)],
    ['a chunk of data', () => new SyncPack().withInsertData([{}] as never)],
    ['segmentId', () => new SyncPack().withSegmentId(-1)],
    ['level', () => new SyncPack().withLevel('L2' as never)],
    ['batchRows', () => new SyncPack().withBatchRows(0.5)],
  ])('a wrong %s is refused', async (name, wrong) => {
    const error = await rejection(wrong)
    expect(error).toMatchObject({ code: 'InvalidArgument' })
    expect(error.message).toContain(` for ${name} `)
  })
})

describe('classes of failures (case 41)', () => {
  const reason = new Error('enough')
  const cases: [string, unknown][] = [
    ['canceled', new DOMException('aborted', 'AbortError')],
    ['canceled', new DOMException('late', 'TimeoutError')],
    ['canceled', new PackedError('Aborted', 'aborted')],
    ['canceled', reason],
    ['terminal', new Error('Column count mismatch: 3, 4')],
    ['terminal', new Error('oops: Column group size mismatch')],
    ['terminal', new PackedError('InvalidData', 'null')],
    ['terminal', new PackedError('NotFound', 'segment')],
    ['terminal', new PackedError('PermissionDenied', 'read-only')],
    ['terminal', metaFailure('misrouted', 'the channel is of another')],
    ['retry', new PackedError('Conflict', 'somebody was quicker')],
    ['retry', new PackedError('Network', 'reset')],
    ['retry', new PackedError('Timeout', 'slow')],
    ['retry', new PackedError('NoSpace', 'full')],
    ['retry', new PackedError('AlreadyExists', 'taken')],
    ['retry', new Error('what is this')],
    ['retry', undefined],
  ]
  test.each(
    cases.map(([expected, error]) => [expected, (error as Error | undefined)?.message, error]),
  )('%s: %s', (expected, _, error) => {
    expect(classifySyncError(error, AbortSignal.abort(reason))).toBe(expected)
  })
})

const RETRY = join(__dirname, '../dist/cjs/sync/retry.js')

describe('attempts', () => {
  const again = { retry: FAST, signal: undefined, shouldRetry: () => true }

  test('end with the first success', async () => {
    let calls = 0
    const result = await retrying(again, async () => {
      calls++
      if (calls < 3) throw new Error(`no ${calls}`)
      return 'done'
    })
    expect([result, calls]).toEqual(['done', 3])
  })

  test('end with the last failure', async () => {
    let calls = 0
    const work = retrying(again, () => Promise.reject(new Error(`no ${++calls}`)))
    await expect(work).rejects.toThrow('no 3')
  })

  test('end with the first failure that will not pass', async () => {
    let calls = 0
    const shouldRetry = () => false
    const work = retrying({ ...again, shouldRetry }, () => Promise.reject(new Error(`${++calls}`)))
    await expect(work).rejects.toThrow('1')
  })

  test('an abort ends a pause, however long it is', async () => {
    // The pause never ends: only the abort can end it.
    jest.useFakeTimers()
    const controller = new AbortController()
    const retry = { maxAttempts: 9, initialDelayMs: 60_000, maxDelayMs: 60_000 }
    const reason = new Error('enough')
    const work = retrying(
      { ...again, retry, signal: controller.signal, onRetry: () => controller.abort(reason) },
      () => Promise.reject(new Error('no')),
    )
    await expect(work).rejects.toBe(reason)
    jest.useRealTimers()
  })

  test('an aborted signal makes none', async () => {
    const attempt = jest.fn(async () => {})
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(retrying({ ...again, signal }, attempt)).rejects.toThrow('enough')
    expect(attempt).not.toHaveBeenCalled()
  })

  test('hold the process while they go on, and not after an abort', () => {
    const program = `
      const { retrying } = require(${JSON.stringify(RETRY)})
      const options = { shouldRetry: () => true, retry: { maxAttempts: 2, initialDelayMs: 50, maxDelayMs: 50 } }
      let calls = 0
      const work = async () => { if (++calls === 1) throw new Error('no'); return 'done' }
      retrying(options, work).then((result) => {
        console.log(result)
        const controller = new AbortController()
        const retry = { maxAttempts: 2, initialDelayMs: 60_000, maxDelayMs: 60_000 }
        const onRetry = () => controller.abort(new Error('aborted'))
        const endless = { ...options, retry, signal: controller.signal, onRetry }
        return retrying(endless, () => Promise.reject(new Error('no')))
      }).catch(({ message }) => console.log(message))`
    const printed = execFileSync(process.execPath, ['-e', program], { timeout: 20_000 })
    expect(String(printed)).toBe('done\naborted\n')
  })
})
