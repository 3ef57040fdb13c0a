/** The segmented log after a crash, on damaged files and on disks that fail. */
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import fc from 'fast-check'
import { SegmentedLog } from '../lib/ingest/log/index.js'
import { collectLog, LOG_CHANNEL, logMessage, logOptions, plainMessage } from './support/logs.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const HEADER_BYTES = 4096

const directory = temporaryDirectory('log-damage')
let copies = 0

/** A log of small messages; the offsets behind each record of its one file. */
async function recordedLog(name: string, messages: number, rows = 2) {
  const home = join(directory, name)
  const log = await SegmentedLog.open(logOptions(home, { fsync: 'never' }))
  const ends: number[] = []
  for (let number = 0; number < messages; number++) {
    await log.append(logMessage(number, { rows, groups: 1 }))
    ends.push(log.sizeBytes)
  }
  await log.close()
  return { home, ends, file: join(home, readdirSync(home)[0]!) }
}

/** The directory again, to be damaged. */
function copyOf(home: string): string {
  const copy = join(directory, `copy-${copies++}`)
  cpSync(home, copy, { recursive: true })
  return copy
}

function flipBit(path: string, offset: number, bit: number): void {
  const bytes = readFileSync(path)
  bytes[offset]! ^= 1 << bit
  writeFileSync(path, bytes)
}

async function readBack(home: string) {
  const log = await SegmentedLog.open(logOptions(home, { fsync: 'never' }))
  try {
    return { recovered: log.recovered, sequences: await sequencesOf(log) }
  } finally {
    await log.close()
  }
}

async function sequencesOf(log: SegmentedLog): Promise<bigint[]> {
  return (await collectLog(log)).map(({ message }) => message.sequence)
}

const upTo = (count: number): bigint[] => Array.from({ length: count }, (_, i) => BigInt(i))

describe('a torn tail', () => {
  test('is cut at every byte of the last record, and of the header', async () => {
    const { home, ends, file } = await recordedLog('every-byte', 3)
    const name = basename(file)
    const copy = copyOf(home)
    for (let size = ends[1]!; size < ends[2]!; size++) {
      copyFileSync(file, join(copy, name))
      truncateSync(join(copy, name), size)
      const { recovered, sequences } = await readBack(copy)
      expect(recovered.tornBytes).toBe(size - ends[1]!)
      expect(recovered.tornFile).toBe(size === ends[1]! ? undefined : join(copy, name))
      expect(sequences).toEqual([0n, 1n])
      expect(statSync(join(copy, name)).size).toBe(ends[1]!)
    }
    for (const size of [0, 1, 7, 8, 100, HEADER_BYTES - 1]) {
      copyFileSync(file, join(copy, name))
      truncateSync(join(copy, name), size)
      expect((await readBack(copy)).sequences).toEqual([])
    }
  }, 60_000)

  test('of any length leaves the whole messages before it, and the log goes on', async () => {
    const { home, ends, file } = await recordedLog('any-length', 8)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: HEADER_BYTES, max: ends.at(-1)! }), async (size) => {
        const copy = copyOf(home)
        truncateSync(join(copy, basename(file)), size)
        const whole = ends.filter((end) => end <= size).length
        const log = await SegmentedLog.open(logOptions(copy))
        expect(log.recovered.lastMessageId).toBe(BigInt(whole))
        await log.append(logMessage(99, { groups: 1 }))
        expect(await sequencesOf(log)).toEqual([...upTo(whole), 99n])
        await log.close()
        expect((await readBack(copy)).sequences).toEqual([...upTo(whole), 99n])
        rmSync(copy, { recursive: true })
      }),
      { numRuns: 30 },
    )
  })

  test('of zeros, as a power loss leaves it, is cut', async () => {
    const { home, ends, file } = await recordedLog('zeros', 4)
    const handle = await open(file, 'r+')
    await handle.write(Buffer.alloc(ends[3]! - ends[2]! + 5000), 0, undefined, ends[2]!)
    await handle.close()
    const { recovered, sequences } = await readBack(home)
    expect(recovered.tornBytes).toBe(ends[3]! - ends[2]! + 5000)
    expect(sequences).toEqual([0n, 1n, 2n])
  })

  test('where the next file was only begun is that file', async () => {
    const { home } = await recordedLog('begun', 2)
    const begun = join(home, '0000000000000000003.log')
    writeFileSync(begun, Buffer.alloc(HEADER_BYTES))
    const { recovered, sequences } = await readBack(home)
    expect(recovered).toMatchObject({ tornBytes: HEADER_BYTES, tornFile: begun, lastMessageId: 2n })
    expect(sequences).toEqual([0n, 1n])
    expect(readdirSync(home)).toEqual(['0000000000000000001.log'])
  })
})

describe('damage', () => {
  test('of one bit before the last record is an error that names file and offset', async () => {
    const { home, ends, file } = await recordedLog('bits', 6)
    const offsets = fc.integer({ min: 0, max: ends.at(-2)! - 1 })
    await fc.assert(
      fc.asyncProperty(offsets, fc.integer({ min: 0, max: 7 }), async (offset, bit) => {
        const copy = copyOf(home)
        const path = join(copy, basename(file))
        flipBit(path, offset, bit)
        const error = await rejection(() => readBack(copy))
        expect(error).toMatchObject({ code: 'FileCorrupted', path })
        const start = [0, HEADER_BYTES, ...ends].filter((end) => end <= offset).at(-1)!
        expect(error.message).toContain(`at offset ${start} of`)
        rmSync(copy, { recursive: true })
      }),
      { numRuns: 60 },
    )
  })

  test('of one bit of the last record cuts it: it might not have been written wholly', async () => {
    const { home, ends, file } = await recordedLog('last-bit', 3)
    flipBit(file, ends[2]! - 9, 3)
    const { recovered, sequences } = await readBack(home)
    expect(recovered.tornBytes).toBe(ends[2]! - ends[1]!)
    expect(sequences).toEqual([0n, 1n])
  })

  test('of an earlier file is an error, once it is read', async () => {
    const home = join(directory, 'earlier')
    const log = await SegmentedLog.open(logOptions(home, { segmentBytes: 64 << 10 }))
    for (let number = 0; number < 20; number++) {
      await log.append(logMessage(number, { vectorBytes: 4096 }))
    }
    await log.close()
    const names = readdirSync(home).sort()
    expect(names.length).toBeGreaterThan(3)
    const cut = copyOf(home)
    truncateSync(join(cut, names[1]!), statSync(join(cut, names[1]!)).size - 8)
    expect(await rejection(() => readBack(cut))).toMatchObject({
      code: 'FileCorrupted',
      path: join(cut, names[1]!),
    })
    const gap = copyOf(home)
    unlinkSync(join(gap, names[1]!))
    const missing = await rejection(() => readBack(gap))
    expect(missing).toMatchObject({ code: 'FileCorrupted', path: join(gap, names[2]!) })
    expect(missing.message).toContain(names[1]!)
    unlinkSync(join(home, names[0]!))
    expect((await readBack(home)).sequences.at(-1)).toBe(19n)
  })

  test('that makes a file another one is an error, and leaves it alone', async () => {
    const home = join(directory, 'other')
    mkdirSync(home)
    const path = join(home, '0000000000000000001.log')
    for (const content of ['somebody’s notes', 'x'.repeat(10_000)]) {
      writeFileSync(path, content)
      const error = await rejection(() => readBack(home))
      expect(error).toMatchObject({ code: 'FileCorrupted', path })
      expect(readFileSync(path, 'utf8')).toBe(content)
    }
  })
})

describe('a disk that fails', () => {
  const fault = (code: string) => Object.assign(new Error(`${code}: test`), { code })

  /** What all open files of this process are made of. */
  async function fileHandles(): Promise<{
    writev(parts: Uint8Array[], at: number): Promise<{ bytesWritten: number }>
    datasync(): Promise<void>
    truncate(size: number): Promise<void>
  }> {
    const handle = await open(__filename, 'r')
    await handle.close()
    return Object.getPrototypeOf(handle)
  }

  afterEach(() => jest.restoreAllMocks())

  test('half-way through a write: the record is taken back, later ones succeed', async () => {
    const log = await SegmentedLog.open(logOptions(join(directory, 'half')))
    await log.append(logMessage(0))
    const handles = await fileHandles()
    const { writev } = handles
    const failing = jest
      .spyOn(handles, 'writev')
      .mockImplementationOnce(function (this: typeof handles, parts, at) {
        return writev.call(this, [parts[0]!.subarray(0, 33)], at)
      })
      .mockRejectedValueOnce(fault('ENOSPC'))
    const outcomes = await Promise.allSettled([1, 2, 3].map((n) => log.append(logMessage(n))))
    expect(failing).toHaveBeenCalledTimes(2)
    const failed = outcomes.filter(({ status }) => status === 'rejected')
    expect(failed.length).toBeGreaterThan(0)
    expect(failed).toEqual(
      failed.map(() => ({
        status: 'rejected',
        reason: expect.objectContaining({ code: 'NoSpace' }),
      })),
    )
    const position = await log.append(logMessage(4))
    expect(position.messageId).toBe(BigInt(2 + outcomes.length - failed.length))
    expect((await sequencesOf(log)).at(-1)).toBe(4n)
    await log.close()
    expect((await readBack(join(directory, 'half'))).recovered.tornBytes).toBe(0)
  })

  test('at taking the record back, too: that is made up for before the next one', async () => {
    const home = join(directory, 'ragged')
    const log = await SegmentedLog.open(logOptions(home))
    await log.append(logMessage(0))
    const handles = await fileHandles()
    const { writev } = handles
    jest.spyOn(handles, 'writev').mockImplementationOnce(async function (
      this: typeof handles,
      parts,
      at,
    ) {
      await writev.call(this, parts, at)
      throw fault('EIO')
    })
    jest.spyOn(handles, 'truncate').mockRejectedValueOnce(fault('EIO'))
    expect((await rejection(() => log.append(logMessage(1, { rows: 50 })))).code).toBe('StorageIO')
    expect(await sequencesOf(log)).toEqual([0n])
    await log.append(logMessage(2))
    await log.close()
    expect(await readBack(home)).toMatchObject({
      recovered: { tornBytes: 0 },
      sequences: [0n, 2n],
    })
  })

  test('to sync: nothing more is accepted, and what was not is not read later', async () => {
    const home = join(directory, 'sync')
    const log = await SegmentedLog.open(logOptions(home))
    const first = await log.append(logMessage(0))
    const syncs = jest.spyOn(await fileHandles(), 'datasync').mockRejectedValueOnce(fault('EIO'))
    expect((await rejection(() => log.append(logMessage(1)))).code).toBe('StorageIO')
    const later = await rejection(() => log.append(logMessage(2)))
    expect(later).toMatchObject({ code: 'Closed', retryable: false })
    expect(later.message).toContain('EIO')
    expect(syncs).toHaveBeenCalledTimes(1)
    expect(await sequencesOf(log)).toEqual([0n])
    await log.durable(first)
    await log.close()
    expect((await readBack(home)).sequences).toEqual([0n])
  })

  test.each(['interval', 'never'] as const)('to sync with %s: durable says so', async (fsync) => {
    const home = join(directory, `sync-${fsync}`)
    const log = await SegmentedLog.open(logOptions(home, { fsync, fsyncIntervalMs: 3_600_000 }))
    const first = await log.append(logMessage(0))
    jest.spyOn(await fileHandles(), 'datasync').mockRejectedValueOnce(fault('EIO'))
    expect((await rejection(() => log.durable(first))).code).toBe('StorageIO')
    expect((await rejection(() => log.durable(first))).code).toBe('Closed')
    expect((await rejection(() => log.append(logMessage(1)))).code).toBe('Closed')
    await log.close().catch(() => {})
    expect((await readBack(home)).sequences).toEqual([0n])
  })

  test('to begin a file: nothing is left of it, later ones succeed', async () => {
    const home = join(directory, 'rotation')
    const log = await SegmentedLog.open(logOptions(home, { segmentBytes: 64 << 10 }))
    const large = { vectorBytes: 6000 }
    await log.append(logMessage(0, large))
    const handles = (await fileHandles()) as unknown as { sync(): Promise<void> }
    const failing = jest.spyOn(handles, 'sync').mockRejectedValueOnce(fault('ENOSPC'))
    expect((await rejection(() => log.append(logMessage(1, large)))).code).toBe('NoSpace')
    expect(failing).toHaveBeenCalledTimes(1)
    expect(readdirSync(home)).toHaveLength(1)
    await log.append(logMessage(2, large))
    expect(readdirSync(home)).toHaveLength(2)
    expect((await collectLog(log)).map(({ message }) => message)).toEqual(
      [0, 2].map((number) => plainMessage(logMessage(number, large))),
    )
    await log.close()
  })
})

test('a position of another channel is refused', async () => {
  const { home } = await recordedLog('channel', 1)
  const log = await SegmentedLog.open(logOptions(home))
  const position = { channelName: `${LOG_CHANNEL}x`, messageId: 1n, timestamp: 0n }
  expect((await rejection(() => log.acknowledge(position))).code).toBe('InvalidArgument')
  expect((await rejection(() => collectLog(log, position))).code).toBe('InvalidArgument')
  await log.close()
})
