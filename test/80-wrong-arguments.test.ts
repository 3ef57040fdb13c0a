/** Everything that is public, called with what it cannot mean: a PackedError, and no crash or hang. */
import { types } from 'node:util'
import { makeVector } from 'apache-arrow'
import { DataType, PrimaryKeyStats, parseKeyMetadata } from '../lib/index.js'
import { outcomeOf, startScript } from './support/child.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const TIMEOUT_MS = 120_000

/**
 * What takes an object that another function of the library made, or Arrow data, and looks at its members
 * as they are used: a TypeError where those are missing (docs/limits.md). That it is an object is checked.
 */
const AT_ITS_WORD = [
  'arrowDataBytes',
  'columnCompression',
  'convertFromArrowSchema',
  'deriveSchema',
  'diffManifests',
  'fieldBinlogToJson',
  'fieldBinlogToProto',
  'frozenSplit',
  'LocalAllocator.open',
  'new SimpleArrowRecord',
  'new WriteBuffer',
  'openBinlogRecordReader',
  'openInput',
  'projectRecord',
  'pruneGroups',
  'quantizationOf',
  'recordBytes',
  'rowsOfBulk',
  'runIngest',
  'segmentInfoToJson',
  'segmentStats',
  'serializePrimaryKeyStats',
  'sourceOf',
  'vectorsOf',
  'verifySegment',
]
/** The class of errors takes what Error does. */
const ERRORS = ['new PackedError', 'PackedError.fromNative']

interface Line {
  calling?: string
  kind?: 'simple' | 'objects'
  error?: string
  stray?: string
  names?: string[]
}

const directory = temporaryDirectory('wrong-arguments')
let outcome: { code: number | null; signal: string | null; lines: Line[] }

beforeAll(async () => {
  const child = startScript('call-everything.cjs', [directory])
  outcome = (await outcomeOf(child, TIMEOUT_MS)) as typeof outcome
}, TIMEOUT_MS + 10_000)

test('no crash, no hang, and no error that nobody can catch', () => {
  const { code, signal, lines } = outcome
  expect({ code, signal, last: lines.at(-1) }).toEqual({
    code: 0,
    signal: null,
    last: { done: true, names: expect.any(Array) },
  })
  expect(lines.filter(({ stray }) => stray !== undefined)).toEqual([])
  expect(lines.at(-1)?.names?.length).toBeGreaterThan(200)
})

test('nothing but a PackedError, or a TypeError where that is said', () => {
  const raw = outcome.lines.filter(({ error }) => error !== undefined)
  const wrong = raw.filter(
    ({ calling = '', kind, error = '' }) =>
      !ERRORS.includes(calling) &&
      !(kind === 'objects' && AT_ITS_WORD.includes(calling) && error.startsWith('TypeError')),
  )
  expect(wrong).toEqual([])
  const raising = new Set(raw.map(({ calling }) => calling))
  expect([...AT_ITS_WORD, ...ERRORS].filter((name) => !raising.has(name))).toEqual([])
})

test('keys as a vector of apache-arrow are refused, as its data are taken', async () => {
  const keys = makeVector(BigInt64Array.of(1n, 2n))
  const stats = await PrimaryKeyStats.build({
    fieldId: 100,
    pkType: DataType.Int64,
    keys: [keys.data[0]!],
  })
  expect([...(await stats.mayContain(keys.data[0]!))]).toEqual([1, 1])
  expect(await rejection(() => stats.mayContain(keys as never))).toMatchObject({
    code: 'InvalidArgument',
    message:
      'Expected a BigInt64Array, an array of strings or Arrow data for keys but received an object (Vector)',
  })
})

test('bytes are no length of bytes: nothing is allocated for one', () => {
  for (const wrong of [2 ** 31, { length: 2 ** 31 }, '1_2_key']) {
    expect(types.isUint8Array(wrong)).toBe(false)
    expect(() => parseKeyMetadata(wrong as never)).toThrow(
      expect.objectContaining({ code: 'InvalidArgument' }),
    )
  }
})
