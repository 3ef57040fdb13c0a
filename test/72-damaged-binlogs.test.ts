import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { readBinlog, readDeleteLog } from '../lib/binlog/index.js'
import { isPackedError } from '../lib/errors/index.js'
import { type ChunkManager, LocalChunkManager } from '../lib/storage/index.js'
import { rejection } from './support/rejection'

const DIRECTORY = join(__dirname, 'golden', 'v1')
const golden = (name: string) => new Uint8Array(readFileSync(join(DIRECTORY, name)))

/** A tree of one object, in memory, that the addon cannot follow. */
function holding(bytes: Uint8Array): ChunkManager {
  const readAt = async (_: string, offset: number, length: number) => {
    if (offset + length <= bytes.length) return bytes.slice(offset, offset + length)
    throw new RangeError(`${length} bytes at ${offset} of ${bytes.length}`)
  }
  return Object.create(new LocalChunkManager({ rootPath: DIRECTORY }), {
    storage: { value: undefined },
    size: { value: async () => bytes.length },
    readAt: { value: readAt },
  }) as ChunkManager
}

test.each(['codec-int64-two-events', 'stream-vector-two-events'])(
  '%s cut anywhere but behind an event is damaged, never shorter',
  async (name) => {
    const bytes = golden(name)
    const { events } = await readBinlog(holding(bytes), name)
    const ends = events.map(({ payload }) => payload.offset + payload.length)
    const start = events[0]!.payload.offset - 33
    for (let length = 0; length < bytes.length; length += 1) {
      const cut = holding(bytes.slice(0, length))
      if (length === start || ends.includes(length)) {
        const left = ends.filter((end) => end <= length).length
        expect((await readBinlog(cut, name)).events.length).toBe(left)
      } else {
        expect((await rejection(() => readBinlog(cut, name))).code).toBe('FileCorrupted')
      }
    }
  },
)

test.each(['delete-json-int64', 'delete-multi-field-varchar', 'delete-packed-int64'])(
  '%s with any bytes changed is read or refused, nothing else',
  async (name) => {
    const bytes = golden(name)
    const change = fc.record({
      at: fc.nat({ max: bytes.length - 1 }),
      byte: fc.nat({ max: 255 }),
    })
    const changes = fc.array(change, { minLength: 1, maxLength: 4 })
    let refused = 0
    await fc.assert(
      fc.asyncProperty(changes, async (damage) => {
        const damaged = bytes.slice()
        for (const { at, byte } of damage) damaged[at] = byte
        try {
          const { keys, timestamps } = await readDeleteLog(holding(damaged), name)
          expect(timestamps.length).toBe(keys.length)
        } catch (error) {
          if (!isPackedError(error)) throw error
          expect(['Internal', 'StorageIO']).not.toContain(error.code)
          refused += 1
        }
      }),
      { numRuns: 200 },
    )
    expect(refused).toBeGreaterThan(0)
  },
)
