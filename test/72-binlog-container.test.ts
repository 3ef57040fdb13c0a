import {
  type BinlogDescriptorInit,
  type BinlogEventInit,
  type BuildBinlogOptions,
  buildBinlog,
  EventType,
  readBinlog,
} from '../lib/binlog/index.js'
import { DataType } from '../lib/schema/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { rejection } from './support/rejection'
import { temporaryDirectory } from './support/temporary'

const chunks = new LocalChunkManager({ rootPath: temporaryDirectory('binlog-container') })
const PAYLOAD = Uint8Array.from('PAR1 as far as the container knows', (c) => c.charCodeAt(0))
const DESCRIPTOR: BinlogDescriptorInit = {
  collectionId: 1,
  partitionId: 2,
  segmentId: 3n,
  fieldId: 100,
  payloadType: DataType.Int64,
  startTimestamp: 10,
  endTimestamp: 20n,
  timestamp: 7,
  extras: { originalSize: 24, nullable: false },
}
const EVENT: BinlogEventInit = {
  type: EventType.Insert,
  payload: PAYLOAD,
  startTimestamp: 11,
  endTimestamp: 19,
}
/** Bytes of the extras of DESCRIPTOR. */
const L = 39

function build(
  descriptor: Partial<BinlogDescriptorInit> = {},
  events: readonly BinlogEventInit[] = [EVENT],
  options?: BuildBinlogOptions,
): Uint8Array {
  return buildBinlog({ ...DESCRIPTOR, ...descriptor }, events, options)
}

async function read(bytes: Uint8Array) {
  await chunks.write('log', bytes)
  return readBinlog(chunks, 'log')
}

/** A whole binlog whose extras are `text` instead. */
function withExtras(text: string): Uint8Array {
  const built = Buffer.from(build())
  const extras = Buffer.from(text)
  const head = Buffer.from(built.subarray(0, 85))
  head.writeInt32LE(81 + extras.length, 4 + 9)
  head.writeInt32LE(85 + extras.length, 4 + 13)
  head.writeInt32LE(extras.length, 81)
  const event = Buffer.from(built.subarray(85 + L))
  event.writeInt32LE(-1, 13)
  return Buffer.concat([head, extras, event])
}

/** A whole binlog with one 32-bit number changed. */
function withInt32(offset: number, value: number): Uint8Array {
  const bytes = Buffer.from(build())
  bytes.writeInt32LE(value, offset)
  return bytes
}

describe('the bytes of a binlog', () => {
  test('stand where Milvus has them (case 33)', () => {
    const bytes = Buffer.from(build())
    expect(bytes.subarray(0, 4).toString('hex')).toBe('bcfaff00')
    expect(bytes.readBigUInt64LE(4)).toBe(7n)
    expect(bytes.readInt8(12)).toBe(0)
    expect(bytes.readInt32LE(13)).toBe(120)
    expect(bytes.readInt32LE(17)).toBe(124)
    expect([21, 29, 37, 45].map((at) => bytes.readBigInt64LE(at))).toEqual([1n, 2n, 3n, 100n])
    expect([53, 61].map((at) => bytes.readBigUInt64LE(at))).toEqual([10n, 20n])
    expect(bytes.readInt32LE(69)).toBe(5)
    expect([...bytes.subarray(73, 81)]).toEqual([52, 16, 16, 16, 16, 16, 16, 16])
    expect(bytes.readInt32LE(81)).toBe(L)
    expect(bytes.subarray(85, 85 + L).toString()).toBe('{"nullable":false,"original_size":"24"}')
    expect(bytes.readInt8(124 + 8)).toBe(1)
    expect(bytes.readInt32LE(124 + 9)).toBe(33 + PAYLOAD.length)
    expect(bytes.readInt32LE(124 + 13)).toBe(bytes.length)
    expect([141, 149].map((at) => bytes.readBigUInt64LE(at))).toEqual([11n, 19n])
    expect([...bytes.subarray(157)]).toEqual([...PAYLOAD])
  })

  test('of a streaming writer leave out what it does not know', () => {
    const bytes = Buffer.from(build({}, [EVENT], { streamed: true }))
    expect([53, 61].map((at) => bytes.readBigUInt64LE(at))).toEqual([0n, 0n])
    expect(bytes.readInt32LE(124 + 13)).toBe(-1)
    expect([141, 149].map((at) => bytes.readBigUInt64LE(at))).toEqual([1n, 1n])
  })

  test('take the time of the clock where none is given', () => {
    const before = BigInt(Date.now()) << 18n
    const { timestamp: _, ...undated } = DESCRIPTOR
    const bytes = Buffer.from(buildBinlog(undated, []))
    expect(bytes.readBigUInt64LE(4)).toBeGreaterThanOrEqual(before)
    expect(bytes.readBigUInt64LE(4)).toBeLessThanOrEqual(BigInt(Date.now()) << 18n)
  })

  test.each<[string, Partial<BinlogDescriptorInit>, Partial<BinlogEventInit>, RegExp]>([
    ['no start', { startTimestamp: 0 }, {}, /not 0 for startTimestamp/],
    ['no end', { endTimestamp: 0n }, {}, /not 0 for endTimestamp/],
    ['an event without time', {}, { startTimestamp: 0 }, /not 0 for the times of events\[0\]/],
    ['a rounded time', { endTimestamp: 2 ** 53 }, {}, /endTimestamp but received 9007199254740992/],
    ['an id of 65 bits', { segmentId: 2n ** 63n }, {}, /segmentId/],
    ['half a byte', { extras: { originalSize: 1.5 } }, {}, /originalSize but received 1.5/],
  ])('are not made with %s', async (_, descriptor, event, message) => {
    const error = await rejection(() => build(descriptor, [{ ...EVENT, ...event }]))
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toMatch(message)
  })
})

describe('reading a binlog', () => {
  test('gives descriptor, events and where their payloads are', async () => {
    const second = { ...EVENT, payload: PAYLOAD.subarray(3), timestamp: 9, endTimestamp: 20 }
    const { descriptor, events } = await read(build({}, [EVENT, second]))
    expect(descriptor).toEqual({
      collectionId: 1n,
      partitionId: 2n,
      segmentId: 3n,
      fieldId: 100n,
      payloadType: 5,
      startTimestamp: 10n,
      endTimestamp: 20n,
      timestamp: 7n,
      extras: { originalSize: 24, nullable: false },
    })
    const { length } = PAYLOAD
    expect(events).toEqual([
      {
        type: 1,
        timestamp: 7n,
        startTimestamp: 11n,
        endTimestamp: 19n,
        payload: { path: 'log', offset: 157, length },
      },
      {
        type: 1,
        timestamp: 9n,
        startTimestamp: 11n,
        endTimestamp: 20n,
        payload: { path: 'log', offset: 157 + length + 33, length: length - 3 },
      },
    ])
  })

  test('follows the lengths where the next position is -1, and takes a file without events', async () => {
    const { events } = await read(build({}, [EVENT, EVENT], { streamed: true }))
    expect(events.map(({ payload }) => payload.offset)).toEqual([157, 157 + PAYLOAD.length + 33])
    expect((await read(build({}, []))).events).toEqual([])
  })

  test('reads no payload, and extras longer than its window', async () => {
    const version = 'v'.repeat(10_000)
    const payload = new Uint8Array(1 << 20)
    await chunks.write(
      'long',
      build({ extras: { originalSize: 1, version } }, [{ ...EVENT, payload }]),
    )
    let bytesRead = 0
    const counting = Object.create(chunks, {
      size: { value: chunks.size.bind(chunks) },
      readAt: {
        value: (path: string, offset: number, length: number) => {
          bytesRead += length
          return chunks.readAt(path, offset, length)
        },
      },
    }) as LocalChunkManager
    const { descriptor, events } = await readBinlog(counting, 'long')
    expect(descriptor.extras.version).toBe(version)
    expect(events[0]?.payload.length).toBe(1 << 20)
    expect(bytesRead).toBeLessThan(20_000)
  })

  test.each<[string, Uint8Array, RegExp]>([
    ['another magic number', withInt32(0, 0x31524150), /0x00fffabc .* but received 0x31524150/],
    ['three bytes', build().slice(0, 3), /at least 85 bytes .* but received 3 bytes/],
    ['no bytes', new Uint8Array(0), /at least 85 bytes .* but received 0 bytes/],
    ['half a descriptor', build().slice(0, 100), /descriptor of 124 bytes .* received 100 bytes/],
    ['half an event header', build().slice(0, 130), /event at offset 124 .* 6 bytes/],
    ['a payload without its last byte', build().slice(0, -1), /event of 67 bytes at offset 124/],
    [
      'bytes behind the last event',
      Buffer.concat([build(), Buffer.alloc(5)]),
      /offset 191 .* 5 bytes/,
    ],
    ['an event of too few bytes', withInt32(124 + 9, 32), /event of 32 bytes/],
    ['an event of negative length', withInt32(124 + 9, -5), /event of -5 bytes/],
    ['a next position elsewhere', withInt32(124 + 13, 150), /next position 191 .* received 150/],
    ['extras of another length', withInt32(81, L + 1), /ends with its extras/],
    ['a descriptor of another length', withInt32(13, 121), /ends with its extras/],
    ['extras of negative length', withInt32(81, -1), /ends with its extras/],
    [
      'an original_size that is a number',
      withExtras('{"original_size":24}'),
      /"original_size" .* 24 \(number\)/,
    ],
    [
      'an original_size that is no integer',
      withExtras('{"original_size":"2.4"}'),
      /"original_size"/,
    ],
    ['no original_size', withExtras('{"nullable":true}'), /"original_size" .* undefined/],
    [
      'a nullable in words',
      withExtras('{"nullable":"true","original_size":"1"}'),
      /boolean for "nullable"/,
    ],
    ['extras that are no JSON', withExtras('{"original_size"'), /JSON for the extras/],
    ['extras that are a list', withExtras('[]'), /an object for the extras/],
    ['half an encryption', withExtras('{"edek":"x","original_size":"1"}'), /"encryption_zone"/],
  ])('refuses %s as damage, with the path (case 34)', async (_, bytes, message) => {
    const error = await rejection(() => read(bytes))
    expect(error.code).toBe('FileCorrupted')
    expect(error.message).toMatch(message)
    expect(error.path).toBe('log')
  })

  test('refuses event types that Milvus does not have', async () => {
    for (const type of [0, 8, -1]) {
      const bytes = Buffer.from(build())
      bytes.writeInt8(type, 124 + 8)
      expect((await rejection(() => read(bytes))).message).toMatch(`received type ${type}`)
    }
  })

  test('says that a file is not there, and stops for a signal', async () => {
    expect((await rejection(() => readBinlog(chunks, 'absent'))).code).toBe('NotFound')
    await chunks.write('log', build())
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    await expect(readBinlog(chunks, 'log', { signal })).rejects.toBe(reason)
  })
})

describe('an encrypted binlog', () => {
  const mask = (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0x5a)
  const extras = { originalSize: 1, encryption: { edek: 'a2V5', zone: 2n ** 60n } }

  function sealed(): Uint8Array {
    const bytes = build({ extras }, [EVENT, EVENT])
    const end = 85 + Buffer.from(bytes).readInt32LE(81)
    bytes.set(mask(bytes.subarray(end)), end)
    return bytes
  }

  test('gives everything behind the descriptor to the decryptor', async () => {
    await chunks.write('sealed', sealed())
    const seen: unknown[] = []
    const { events } = await readBinlog(chunks, 'sealed', {
      decryptor: async ({ edek, zone, bytes }) => {
        seen.push([edek, zone, bytes.length])
        return mask(bytes)
      },
    })
    const eventBytes = 33 + PAYLOAD.length
    expect(seen).toEqual([['a2V5', 2n ** 60n, 2 * eventBytes]])
    expect(events.map(({ payload }) => [payload.path, payload.offset])).toEqual([
      [undefined, 33],
      [undefined, eventBytes + 33],
    ])
    const { bytes, offset, length } = events[1]!.payload
    expect([...bytes!.subarray(offset, offset + length)]).toEqual([...PAYLOAD])
  })

  test('is an Encryption error without one, and damage where the key was wrong', async () => {
    const error = await rejection(() => read(sealed()))
    expect([error.code, error.path]).toEqual(['Encryption', 'log'])
    const wrong = await rejection(() =>
      readBinlog(chunks, 'log', { decryptor: ({ bytes }) => bytes }),
    )
    expect(wrong.code).toBe('FileCorrupted')
    const refusal = new Error('no key of this zone')
    const decryptor = () => Promise.reject(refusal)
    await expect(readBinlog(chunks, 'log', { decryptor })).rejects.toBe(refusal)
  })
})
