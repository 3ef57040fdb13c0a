/** The rule that levels are chosen by. */
import fc from 'fast-check'
import {
  BETTER_COMPRESSION_LEVEL,
  COLUMN_KINDS,
  CompressionStrategy,
  DEFAULT_COMPRESSION_LEVEL,
  FASTEST_COMPRESSION_LEVEL,
  type LevelFacts,
} from '../lib/index.js'

const MIB = 2 ** 20
const select = (facts: Partial<LevelFacts>) =>
  CompressionStrategy.selectLevel({ sizeBytes: 64 * MIB, type: 'integer', ...facts })

test.each<[string, Partial<LevelFacts>, number]>([
  ['nothing', { sizeBytes: 0 }, BETTER_COMPRESSION_LEVEL],
  ['less than 1 MiB', { sizeBytes: MIB - 1 }, BETTER_COMPRESSION_LEVEL],
  ['little on a busy machine', { sizeBytes: 5, cpuUsage: 1 }, BETTER_COMPRESSION_LEVEL],
  ['1 MiB', { sizeBytes: MIB }, FASTEST_COMPRESSION_LEVEL],
  ['more than half of the CPU taken', { cpuUsage: 0.51 }, DEFAULT_COMPRESSION_LEVEL],
  ['half of the CPU taken', { cpuUsage: 0.5 }, FASTEST_COMPRESSION_LEVEL],
  ['slow storage', { ioLatencyMs: 101 }, BETTER_COMPRESSION_LEVEL],
  ['storage that is not slow yet', { ioLatencyMs: 100 }, FASTEST_COMPRESSION_LEVEL],
  [
    'slow storage on a busy machine',
    { ioLatencyMs: 900, cpuUsage: 0.9 },
    DEFAULT_COMPRESSION_LEVEL,
  ],
])('%s', (_, facts, level) => {
  for (const type of COLUMN_KINDS) expect(select({ ...facts, type })).toBe(level)
})

test('the levels are 1, 3 and 7', () => {
  expect([FASTEST_COMPRESSION_LEVEL, DEFAULT_COMPRESSION_LEVEL, BETTER_COMPRESSION_LEVEL]).toEqual([
    1, 3, 7,
  ])
  expect(Object.isFrozen(CompressionStrategy)).toBe(true)
})

test('the same facts give the same level, and no other load a lower one for slow storage', () => {
  const facts = fc.record({
    sizeBytes: fc.double({ min: 0, max: 2 ** 40, noNaN: true }),
    type: fc.constantFrom(...COLUMN_KINDS),
    ioLatencyMs: fc.double({ min: 0, max: 1e4, noNaN: true }),
    cpuUsage: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(facts, (one) => {
      const level = CompressionStrategy.selectLevel(one)
      expect(CompressionStrategy.selectLevel({ ...one })).toBe(level)
      expect([1, 3, 7]).toContain(level)
      expect(CompressionStrategy.selectLevel({ ...one, ioLatencyMs: 1e5 })).toBeGreaterThanOrEqual(
        level,
      )
    }),
  )
})

test.each<[unknown, string]>([
  [undefined, 'an object for CompressionStrategy.selectLevel'],
  [{ sizeBytes: 1 }, 'for type but received undefined'],
  [{ sizeBytes: 1, type: 'words' }, 'for type but received "words"'],
  [{ type: 'text' }, 'Expected a number >= 0 for sizeBytes but received undefined'],
  [{ sizeBytes: -1, type: 'text' }, 'Expected a number >= 0 for sizeBytes'],
  [{ sizeBytes: Number.NaN, type: 'text' }, 'Expected a number >= 0 for sizeBytes'],
  [{ sizeBytes: 1n, type: 'text' }, 'Expected a number >= 0 for sizeBytes'],
  [{ sizeBytes: 1, type: 'text', cpuUsage: 2 }, 'a number >= 0 and <= 1 for cpuUsage'],
  [{ sizeBytes: 1, type: 'text', ioLatencyMs: '9' }, 'Expected a number >= 0 for ioLatencyMs'],
  [{ sizeBytes: 1, type: 'text', ioLatency: 9 }, 'Did you mean "ioLatencyMs"?'],
])('%p is refused', (facts, message) => {
  expect(() => CompressionStrategy.selectLevel(facts as LevelFacts)).toThrow(message)
})
