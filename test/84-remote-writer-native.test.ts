/** Native writers whose uploads JavaScript sends: steps, memory, bounds, failures, endings. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { memoryUsage } from '../lib/index.js'
import type { NativeUploadRequest } from '../lib/native/index.js'
import {
  IN_FLIGHT_BYTES,
  MemoryUploads,
  NativeWriter,
  PART_BYTES,
  settle,
} from './support/native-uploads.js'
import { rejection } from './support/rejection.js'
import { sampleBatch } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const MANY_ROWS = 60_000
const directory = temporaryDirectory('remote-writer-native')

let uploads: MemoryUploads
beforeEach(() => {
  uploads = new MemoryUploads()
})

/** True as soon as `condition` holds; false after ten seconds. */
async function eventually(condition: () => boolean): Promise<boolean> {
  for (let i = 0; i < 1000; i++) {
    if (condition()) return true
    await sleep(10)
  }
  return false
}

async function nothingIsLeft(): Promise<void> {
  expect(await eventually(() => uploads.uploads.size === 0)).toBe(true)
  expect([...uploads.objects.keys()]).toEqual([])
}

describe('what is sent', () => {
  test('is, byte for byte, what the local disk gets', async () => {
    const groups = [
      { id: 0n, path: join(directory, '0'), columns: [0, 1, 2], metadata: [] },
      { id: 1n, path: join(directory, '1'), columns: [3], metadata: [] },
    ]
    const local = await NativeWriter.open(undefined, { groups, storage: { storageType: 'local' } })
    const remote = await NativeWriter.open(uploads.handle)
    for (const writer of [local, remote]) {
      for (let row = 0; row < MANY_ROWS; row += 10_000) {
        await writer.write(sampleBatch(row, 10_000))
      }
    }
    expect(uploads.count('part')).toBeGreaterThan(4)
    expect(uploads.objects.size).toBe(0)
    await local.finish()
    const results = await remote.finish()
    expect(results.map(({ path, fileBytes }) => [path, fileBytes])).toEqual([
      ['seg/0', uploads.objects.get('root/seg/0')?.length],
      ['seg/1', uploads.objects.get('root/seg/1')?.length],
    ])
    for (const [i, { path }] of groups.entries()) {
      const object = uploads.objects.get(`root/seg/${i}`)!
      expect(Buffer.compare(readFileSync(path), object)).toBe(0)
    }
    expect(uploads.uploads.size).toBe(0)
  })

  test('small files and empty ones are put in one piece, and with the last step', async () => {
    for (const rows of [10, 0]) {
      const writer = await NativeWriter.open(uploads.handle)
      if (rows > 0) await writer.write(sampleBatch(0, rows))
      expect(uploads.steps).toEqual([])
      await writer.finish()
      expect(uploads.steps.splice(0)).toEqual(['put', 'put'])
      expect(uploads.objects.get('root/seg/1')?.subarray(0, 4)).toEqual(Buffer.from('PAR1'))
    }
  })

  test('says whether an object at the key is kept', async () => {
    for (const replace of [false, true]) {
      const seen: NativeUploadRequest[] = []
      const writer = await NativeWriter.open(
        (request) => {
          seen.push(request)
          uploads.handle(request)
        },
        { replace },
      )
      await writer.write(sampleBatch(0, MANY_ROWS))
      await writer.finish()
      const deciding = seen.filter(({ step }) => step !== 'part')
      expect(new Set(deciding.map(({ ifAbsent }) => ifAbsent))).toEqual(new Set([!replace]))
    }
  })

  test('stays within the bound, and goes side by side', async () => {
    uploads.hold = () => true
    const timer = setInterval(() => {
      const next = uploads.held.shift()
      if (next !== undefined) uploads.answer(next)
    }, 1)
    const writer = await NativeWriter.open(uploads.handle)
    await writer.write(sampleBatch(0, MANY_ROWS))
    await writer.finish()
    clearInterval(timer)
    expect(uploads.mostBytesInFlight).toBeLessThanOrEqual(IN_FLIGHT_BYTES)
    expect(uploads.mostBytesInFlight).toBeGreaterThan(PART_BYTES)
  })
})

describe('the memory of a part', () => {
  test('is native, and given back when the store has it', async () => {
    const before = memoryUsage().poolBytes
    const contents: Uint8Array[] = []
    uploads.hold = ({ step, content }) => {
      if (content !== undefined) contents.push(content)
      return step === 'part'
    }
    const writer = await NativeWriter.open(uploads.handle)
    const writing = writer.write(sampleBatch(0, MANY_ROWS))
    expect(await eventually(() => uploads.held.length >= 3)).toBe(true)
    expect(contents.every(({ length }) => length === PART_BYTES)).toBe(true)
    expect(memoryUsage().poolBytes - before).toBeGreaterThanOrEqual(3 * PART_BYTES)
    uploads.release()
    await writing
    await writer.finish()
    expect(contents.map(({ length }) => length)).toEqual(contents.map(() => 0))
    expect(await eventually(() => memoryUsage().poolBytes <= before)).toBe(true)
  })

  test('stays readable after a failure, when a socket may still be reading', async () => {
    let failed: Uint8Array | undefined
    uploads.fail = ({ step, content }) => {
      if (step !== 'part') return undefined
      failed ??= content
      return { code: 'Network', message: 'reset' }
    }
    const writer = await NativeWriter.open(uploads.handle)
    const outcome = await rejection(async () => {
      await writer.write(sampleBatch(0, MANY_ROWS))
      await writer.finish()
    })
    expect(outcome.code).toBe('Network')
    expect(failed?.length).toBe(PART_BYTES)
    expect(failed?.subarray(0, 4)).toEqual(new Uint8Array(Buffer.from('PAR1')))
    await nothingIsLeft()
  })
})

describe('a step that fails', () => {
  test.each(['create', 'part', 'complete', 'put'] as const)(
    '%s: its class, the path as it was given, nothing left',
    async (step) => {
      uploads.fail = (request) =>
        request.step === step
          ? { code: 'Throttled', message: 'SlowDown', path: 'root/seg/0' }
          : undefined
      const writer = await NativeWriter.open(uploads.handle)
      const failure = await rejection(async () => {
        await writer.write(sampleBatch(0, step === 'put' ? 10 : MANY_ROWS))
        await writer.finish()
      })
      expect([failure.code, failure.retryable]).toEqual(['Throttled', true])
      expect(failure.path).toMatch(/^seg\/[01]$/)
      expect(failure.message).toContain('SlowDown')
      expect((await rejection(() => writer.finish())).code).toBe('Closed')
      await nothingIsLeft()
    },
  )

  test('a later group: what was published before is removed', async () => {
    uploads.fail = ({ step, key }) =>
      step === 'put' && key === 'root/seg/1'
        ? { code: 'AlreadyExists', message: 'taken' }
        : undefined
    const writer = await NativeWriter.open(uploads.handle)
    await writer.write(sampleBatch(0, 10))
    const failure = await rejection(() => writer.finish())
    expect([failure.code, failure.path]).toEqual(['AlreadyExists', 'seg/1'])
    expect(uploads.steps).toEqual(['put', 'put', 'remove'])
    await nothingIsLeft()
  })

  test('an uploader that throws, a code that does not exist', async () => {
    const throwing = await NativeWriter.open(() => {
      throw new Error('never')
    })
    expect((await rejection(() => throwing.finish())).code).toBe('Internal')
    uploads.fail = () => ({ code: 'Ok', message: 'odd' })
    const odd = await NativeWriter.open(uploads.handle)
    expect((await rejection(() => odd.finish())).code).toBe('Internal')
  })

  test('no uploader for an object store', async () => {
    const failure = await rejection(() => NativeWriter.open(undefined))
    expect(failure.code).toBe('InvalidArgument')
    expect(failure.message).toContain('uploader')
  })
})

describe('answers', () => {
  test('twice, late, to nobody: only the first counts', async () => {
    const tickets: number[] = []
    const writer = await NativeWriter.open((request) => {
      tickets.push(request.ticket)
      uploads.handle(request)
      setImmediate(() => settle(request.ticket, { code: 'Internal', message: 'twice' }))
    })
    await writer.write(sampleBatch(0, MANY_ROWS))
    await writer.finish()
    expect(new Set(tickets).size).toBe(tickets.length)
    for (const ticket of [...tickets, 0, -1, 1e9]) settle(ticket, null)
    expect(uploads.objects.size).toBe(2)
  })

  test('within the request itself', async () => {
    const writer = await NativeWriter.open((request) => uploads.answer(request))
    await writer.write(sampleBatch(0, MANY_ROWS))
    await writer.finish()
    expect(uploads.objects.size).toBe(2)
  })

  test('of the wrong kind are refused', async () => {
    for (const wrong of ['1', undefined, 0.5]) {
      const failure = await rejection(() => settle(wrong as number, null))
      expect(failure.code).toBe('InvalidArgument')
    }
    const failure = await rejection(() => settle(1, 'text' as never))
    expect(failure.code).toBe('InvalidArgument')
  })
})

describe('a writer that is cancelled', () => {
  test('while parts are unanswered: fails at once, gives up when they are answered', async () => {
    uploads.hold = ({ step }) => step === 'part'
    const writer = await NativeWriter.open(uploads.handle)
    const writing = writer.write(sampleBatch(0, MANY_ROWS))
    expect(await eventually(() => uploads.held.length >= 3)).toBe(true)
    writer.cancel()
    expect((await rejection(() => writing)).code).toBe('Aborted')
    await sleep(20)
    expect(uploads.held.every(({ upload }) => uploads.uploads.has(upload!))).toBe(true)
    const sent = uploads.count('part')
    uploads.release()
    await nothingIsLeft()
    expect(uploads.count('abort')).toBe(uploads.count('create'))
    expect(uploads.count('part')).toBe(sent)
  })

  test('between two calls: what is on its way fails, too', async () => {
    uploads.hold = ({ step }) => step === 'part'
    const writer = await NativeWriter.open(uploads.handle)
    await writer.write(sampleBatch(0, 10_000))
    expect(uploads.held.length).toBeGreaterThan(0)
    writer.cancel()
    expect((await rejection(() => writer.finish())).code).toBe('Aborted')
    uploads.release()
    await nothingIsLeft()
  })

  test('while an upload is created: the upload is given up when its name comes', async () => {
    uploads.hold = ({ step }) => step === 'create'
    const writer = await NativeWriter.open(uploads.handle)
    const writing = writer.write(sampleBatch(0, MANY_ROWS))
    expect(await eventually(() => uploads.held.length > 0)).toBe(true)
    writer.cancel()
    expect((await rejection(() => writing)).code).toBe('Aborted')
    const created = uploads.held.length
    uploads.release()
    expect(await eventually(() => uploads.count('abort') === created)).toBe(true)
    await nothingIsLeft()
  })

  test('while an object is made: hears the outcome, and takes it back', async () => {
    uploads.hold = ({ step }) => step === 'complete'
    const writer = await NativeWriter.open(uploads.handle)
    await writer.write(sampleBatch(0, MANY_ROWS))
    const finishing = writer.finish()
    expect(await eventually(() => uploads.held.length > 0)).toBe(true)
    writer.cancel()
    await sleep(100)
    uploads.release()
    expect((await rejection(() => finishing)).code).toBe('Aborted')
    expect(uploads.steps.slice(-2).sort()).toEqual(['abort', 'remove'])
    await nothingIsLeft()
  })

  test('while an object is made that nobody answers for: fails in the end, takes it back', async () => {
    uploads.hold = ({ step }) => step === 'put'
    const writer = await NativeWriter.open(uploads.handle)
    await writer.write(sampleBatch(0, 10))
    const finishing = writer.finish()
    expect(await eventually(() => uploads.held.length > 0)).toBe(true)
    writer.cancel()
    expect((await rejection(() => finishing)).code).toBe('Aborted')
    uploads.release()
    expect(await eventually(() => uploads.count('remove') === 1)).toBe(true)
    await nothingIsLeft()
  })

  test('before it began: nothing is asked', async () => {
    const writer = await NativeWriter.open(uploads.handle)
    writer.cancel()
    expect((await rejection(() => writer.write(sampleBatch(0, MANY_ROWS)))).code).toBe('Aborted')
    expect(uploads.steps).toEqual([])
  })
})

test('aborted with parts on their way: given up after them', async () => {
  uploads.hold = ({ step }) => step === 'part'
  const writer = await NativeWriter.open(uploads.handle)
  await writer.write(sampleBatch(0, 10_000))
  expect(uploads.held.length).toBeGreaterThan(0)
  await writer.abort()
  await writer.abort()
  expect(uploads.count('abort')).toBe(0)
  uploads.release()
  await nothingIsLeft()
  expect(uploads.count('abort')).toBe(uploads.count('create'))
})
