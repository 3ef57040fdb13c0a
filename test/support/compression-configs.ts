/** Configurations of compression for tests: the defaults, any at all, and what is refused. */
import fc from 'fast-check'
import { hardwareLimits, type ResolvedCompressionConfig } from '../../lib/config/index.js'
import { isPackedError } from '../../lib/errors/index.js'

const KIB = 2 ** 10
const MIB = 2 ** 20

/** What is promised, spelled out. */
export const DEFAULTS = {
  compression: { level: 3, concurrency: 4, blockBytes: MIB, dictBytes: 64 * KIB },
  encoding: { enableDeltaEncoding: true, dictionaryThreshold: 0.7, vectorQuantizationBits: 8 },
}

/** The error that `run` throws. */
function refusal(run: () => unknown): { code: string; message: string } {
  try {
    run()
  } catch (error) {
    expect(isPackedError(error)).toBe(true)
    return error as { code: string; message: string }
  }
  throw new Error('Expected an error but there was none')
}

/** `run` throws a PackedError of that code, with that in its message. */
export function expectRefusal(run: () => unknown, message: string, code = 'InvalidArgument'): void {
  const error = refusal(run)
  expect(error.message).toContain(message)
  expect(error.code).toBe(code)
}

/** Any configuration that is right, complete. */
export const anyConfig: fc.Arbitrary<ResolvedCompressionConfig> = fc.record({
  compression: fc.record({
    level: fc.integer({ min: 1, max: 22 }),
    concurrency: fc.integer({ min: -4, max: 256 }),
    blockBytes: fc.integer({ min: KIB, max: 2 ** 30 }),
    dictBytes: fc.oneof(fc.constant(0), fc.integer({ min: 256, max: MIB })),
  }),
  encoding: fc.record({
    enableDeltaEncoding: fc.boolean(),
    dictionaryThreshold: fc.double({ min: 0, max: 1, noNaN: true }),
    vectorQuantizationBits: fc.constant(8),
  }),
})

/** As TypeScript gives it back: no zero below zero, and cores counted. */
export function expectedOf({
  compression,
  encoding,
}: ResolvedCompressionConfig): ResolvedCompressionConfig {
  const { concurrency } = compression
  return {
    compression: {
      ...compression,
      concurrency: concurrency > 0 ? concurrency : hardwareLimits().cores,
    },
    encoding: { ...encoding, dictionaryThreshold: Math.abs(encoding.dictionaryThreshold) },
  }
}
