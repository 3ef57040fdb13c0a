/** Damaged files end in data or a PackedError: never in a crash, a hang or unbounded memory. */
import { PACKED_ERROR_CODES } from '../../lib/index.js'
import { outcomeOf, startScript } from '../support/child.js'
import { fixturePath } from '../support/packed-fixtures.js'
import { temporaryDirectory } from '../support/temporary.js'

const COUNT = 680
const SEED = 20240229
const PEAK_BYTES = 1.5 * 2 ** 30

const directory = temporaryDirectory('mutated')

interface Checked {
  kind: string
  read: string
  inspect: string
}

const ALLOWED: readonly string[] = [
  'data',
  ...PACKED_ERROR_CODES.filter((code) => code !== 'Internal'),
]

/** Kinds whose outcome is certain: a test of the test, too. */
const CERTAIN: Record<string, string[]> = {
  intact: ['data', 'data'],
  directory: ['InvalidArgument', 'InvalidArgument'],
  missing: ['NotFound', 'NotFound'],
  'no permission': ['PermissionDenied', 'PermissionDenied'],
  empty: ['FileCorrupted', 'FileCorrupted'],
  'no Parquet at all': ['FileCorrupted', 'FileCorrupted'],
  'all zeros': ['FileCorrupted', 'FileCorrupted'],
}

test(`${COUNT} mutated files are read to data or a PackedError (seed ${SEED})`, async () => {
  const args = [directory, String(SEED), String(COUNT), fixturePath('')]
  const { code, signal, lines } = await outcomeOf(startScript('read-mutated.cjs', args), 240_000)
  // A crash or a hang ends the lines: the last one names the kind of file.
  expect({ code, signal, last: lines.at(-1) }).toEqual({
    code: 0,
    signal: null,
    last: { done: true, peakBytes: expect.any(Number) },
  })
  const checked = lines.filter((line): line is Checked => Object.hasOwn(line as object, 'kind'))
  expect(checked.length).toBeGreaterThan(COUNT)
  for (const { kind, read, inspect } of checked) {
    expect(`${kind}: ${ALLOWED.includes(read) ? 'allowed' : read}`).toBe(`${kind}: allowed`)
    expect(`${kind}: ${ALLOWED.includes(inspect) ? 'allowed' : inspect}`).toBe(`${kind}: allowed`)
    const certain = CERTAIN[kind]
    if (certain !== undefined) expect([kind, read, inspect]).toEqual([kind, ...certain])
  }
  expect((lines.at(-1) as { peakBytes: number }).peakBytes).toBeLessThan(PEAK_BYTES)
}, 300_000)
