/** Manifests as Avro files: Milvus's own, ours, and paths in them. */
import fc from 'fast-check'
import {
  absolutize,
  dataFolder,
  decodeManifest,
  deltaFolder,
  EMPTY_MANIFEST,
  encodeManifest,
  indexFolder,
  lobFolder,
  type Manifest,
  manifestJsonKey,
  manifestKey,
  metadataFolder,
  relativize,
  statsFolder,
} from '../lib/manifest/index.js'
import { hasLoon } from './support/fixtures'
import {
  arbitraryBase,
  arbitraryManifest,
  arbitraryPath,
  fullManifest,
  realManifest,
} from './support/manifests'

const SEED = Number(process.env.ARROW_PACKED_SEED ?? 20240229)

/** A container without its random part: the marker behind the header and at the end. */
function withoutMarker(bytes: Uint8Array): string {
  const copy = Buffer.from(bytes)
  const marker = Buffer.from(copy.subarray(-16))
  const first = copy.indexOf(marker)
  expect(first).toBeLessThan(copy.length - 16)
  copy.fill(0, first, first + 16).fill(0, copy.length - 16)
  return copy.toString('latin1')
}

const describeReal = hasLoon("Milvus's own manifests") ? describe : describe.skip

describeReal("Milvus's own manifests", () => {
  test.each([1, 2])('number %i is what its own reader printed', (version) => {
    const { bytes, json } = realManifest(version)
    const { committed_version, manifest: expected } = JSON.parse(json)
    const { columnGroups, deltaLogs, stats, indexes, lobFiles } = decodeManifest(bytes, 'seg')
    expect(committed_version).toBe(version)
    const groups = columnGroups.map(({ files, ...group }) => ({
      ...group,
      files: files.map(({ path, startIndex, endIndex, properties }) => ({
        path,
        start: startIndex,
        end: endIndex,
        properties,
      })),
    }))
    expect(groups).toEqual(expected.column_groups)
    expect(groups[0]!.files).toHaveLength(version)
    expect(
      deltaLogs.map(({ path, type, numEntries }) => ({ path, type, num_entries: numEntries })),
    ).toEqual(expected.delta_logs.map((log: object) => ({ ...log, type: 'primaryKey' })))
    expect(stats).toEqual(expected.stats)
    expect({ indexes, lobFiles }).toEqual({ indexes: [], lobFiles: [] })
  })

  test.each([1, 2])('number %i is written to the same bytes, but for the marker', (version) => {
    const { bytes } = realManifest(version)
    const ours = encodeManifest(decodeManifest(bytes, 'seg'), 'seg')
    expect(withoutMarker(ours)).toBe(withoutMarker(bytes))
  })

  test('are the same wherever the segment is: only the name of a file is stored', () => {
    const { bytes } = realManifest(1)
    const elsewhere = decodeManifest(bytes, '/mnt/data/files/1/2/3')
    expect(elsewhere.columnGroups[0]!.files[0]!.path).toBe(
      '/mnt/data/files/1/2/3/_data/0_71550259-743e-42bd-9e56-088cf3d60185.parquet',
    )
    expect(elsewhere.stats['bloom_filter.100']!.paths).toEqual([
      '/mnt/data/files/1/2/3/_stats/bloom_filter.100/1',
    ])
    const ours = encodeManifest(elsewhere, '/mnt/data/files/1/2/3')
    expect(withoutMarker(ours)).toBe(withoutMarker(bytes))
  })
})

describe('a manifest', () => {
  test('with something in every field comes back, and twice as the same bytes', () => {
    const manifest = fullManifest('files/1/2/3')
    const bytes = encodeManifest(manifest, 'files/1/2/3')
    expect(decodeManifest(bytes, 'files/1/2/3')).toEqual(manifest)
    expect(Buffer.compare(bytes, encodeManifest(manifest, 'files/1/2/3'))).toBe(0)
    const other = encodeManifest({ ...manifest, deltaLogs: [] }, 'files/1/2/3')
    expect(Buffer.from(other).subarray(-16)).not.toEqual(Buffer.from(bytes).subarray(-16))
  })

  test('with nothing in it comes back', () => {
    expect(decodeManifest(encodeManifest(EMPTY_MANIFEST, 'seg'), 'seg')).toEqual(EMPTY_MANIFEST)
  })

  test('has its statistics sorted by the bytes of their keys', () => {
    const stats = { b: { paths: [], metadata: {} }, a: { paths: [], metadata: {} } }
    const read = decodeManifest(encodeManifest({ ...EMPTY_MANIFEST, stats }, 'seg'), 'seg')
    expect(Object.keys(read.stats)).toEqual(['a', 'b'])
  })

  test('is read from a slice of a larger buffer', () => {
    const bytes = encodeManifest(fullManifest('seg'), 'seg')
    const larger = new Uint8Array(bytes.length + 20).fill(7)
    larger.set(bytes, 10)
    const slice = larger.subarray(10, 10 + bytes.length)
    expect(decodeManifest(slice, 'seg')).toEqual(fullManifest('seg'))
  })

  test(`at random comes back (seed ${SEED})`, () => {
    const cases = arbitraryBase.chain((base) =>
      fc.tuple(fc.constant(base), arbitraryManifest(base)),
    )
    fc.assert(
      fc.property(cases, ([base, manifest]) => {
        expect(decodeManifest(encodeManifest(manifest, base), base)).toEqual(manifest)
      }),
      { numRuns: 500, seed: SEED },
    )
  })

  const base = fullManifest('seg')
  const [group] = base.columnGroups
  const [file] = group!.files
  const [index] = base.indexes
  const withFile = (part: object) => ({
    columnGroups: [{ ...group!, files: [{ ...file!, ...part }] }],
  })

  test.each<[string, object, string]>([
    [
      'a rounded count',
      { deltaLogs: [{ ...base.deltaLogs[0], numEntries: 2 ** 53 }] },
      'numEntries',
    ],
    ['a negative count', { lobFiles: [{ ...base.lobFiles[0], totalRows: -1 }] }, 'totalRows'],
    ['a fraction', withFile({ endIndex: 0.5 }), 'columnGroups[0].files[0].endIndex'],
    ['a window that ends before it starts', withFile({ startIndex: 3001 }), 'files[0].endIndex'],
    ['no path', withFile({ path: '' }), 'columnGroups[0].files[0].path'],
    ['half a character', { columnGroups: [{ ...group!, format: '\ud83d' }] }, 'format'],
    ['an id of 65 bits', { indexes: [{ ...index!, indexId: 2n ** 63n }] }, 'indexes[0].indexId'],
    ['an id as number', { indexes: [{ ...index!, fieldId: 1 }] }, 'indexes[0].fieldId'],
    [
      'an int of 33 bits',
      { indexes: [{ ...index!, currentIndexVersion: 2 ** 31 }] },
      'IndexVersion',
    ],
    ['an unknown delta log', { deltaLogs: [{ ...base.deltaLogs[0], type: 'all' }] }, 'type'],
    [
      'a key that objects lose',
      withFile({ properties: JSON.parse('{"__proto__":"1"}') }),
      '__proto__',
    ],
    ['a path with empty parts', withFile({ path: 'seg/_data//x' }), 'empty parts'],
  ])('with %s is refused', (_, part, named) => {
    const manifest = { ...base, ...part } as Manifest
    expect(() => encodeManifest(manifest, 'seg')).toThrow(
      expect.objectContaining({
        code: 'InvalidArgument',
        message: expect.stringContaining(named),
      }),
    )
  })
})

describe('paths', () => {
  test('of a segment are the ones of the format', () => {
    expect(manifestKey('a/b', 12)).toBe('a/b/_metadata/manifest-12.avro')
    expect(manifestJsonKey('a/b')).toBe('a/b/manifest.json')
    const folders = [metadataFolder, dataFolder, deltaFolder, statsFolder, indexFolder, lobFolder]
    expect(folders.map((folder) => folder('1/2/3'))).toEqual([
      '1/2/3/_metadata',
      '1/2/3/_data',
      '1/2/3/_delta',
      '1/2/3/_stats',
      '1/2/3/_index',
      '1/2/lobs',
    ])
    expect(folders.map((folder) => folder('/seg/'))).toEqual([
      '/seg/_metadata',
      '/seg/_data',
      '/seg/_delta',
      '/seg/_stats',
      '/seg/_index',
      '/lobs',
    ])
    expect(dataFolder('')).toBe('_data')
  })

  test.each([
    // below the folder, deeper, in a folder of a longer name, elsewhere, beside, upwards
    ['seg/_data/x.parquet', 'seg', 'x.parquet'],
    ['seg/_data/a/b', 'seg', 'a/b'],
    ['seg/_data2/x', 'seg', '../_data2/x'],
    ['other/_data/x', 'seg', '../../other/_data/x'],
    ['a/b/_data/x', 'a/c', '../../b/_data/x'],
    ['seg/_data', 'seg', '../_data'],
    ['seg/_data/', 'seg', './'],
    ['../x', 'seg', '../../../x'],
    // without a folder to be below of
    ['/abs/x', 'seg', '/abs/x'],
    ['/abs/seg/_data/x', '/abs/seg', 'x'],
    ['/abs/x', '/abs/seg', '/abs/x'],
    ['s3://bucket/seg/_data//x', 'seg', 's3://bucket/seg/_data//x'],
    ['a:b/x', 'seg', '../../a:b/x'],
    ['', 'seg', ''],
  ])('%s of %s is stored as %s and comes back', (path, base, stored) => {
    expect(relativize(path, dataFolder(base))).toBe(stored)
    expect(absolutize(stored, dataFolder(base))).toBe(path)
  })

  test('with dots are read as what they mean', () => {
    expect(relativize('1/2/3/../lobs/101/_data/x.vx', lobFolder('1/2/3'))).toBe('101/_data/x.vx')
    expect(absolutize('101/_data/x.vx', lobFolder('1/2/3'))).toBe('1/2/lobs/101/_data/x.vx')
    expect(relativize('seg/./_data/x', dataFolder('seg'))).toBe('x')
  })

  test('that would come back as others are refused', () => {
    const refused = expect.objectContaining({ code: 'InvalidArgument' })
    expect(() => relativize('seg/_data//x', dataFolder('seg'))).toThrow(refused)
    expect(() => relativize('x', dataFolder('/abs/seg'))).toThrow(refused)
    expect(() => relativize('x', lobFolder(''))).toThrow(refused)
    expect(() => dataFolder('s3://bucket/seg')).toThrow(refused)
    expect(() => dataFolder('a//b')).toThrow(refused)
    expect(() => manifestKey('seg', 0)).toThrow(refused)
  })

  test(`at random come back (seed ${SEED})`, () => {
    const cases = arbitraryBase.chain((base) => fc.tuple(fc.constant(base), arbitraryPath(base)))
    const folders = [dataFolder, deltaFolder, statsFolder, indexFolder, lobFolder]
    let below = 0
    fc.assert(
      fc.property(cases, fc.constantFrom(...folders), ([base, path], folder) => {
        const stored = relativize(path, folder(base))
        expect(absolutize(stored, folder(base))).toBe(path)
        if (path.startsWith(`${folder(base)}/`)) {
          below += 1
          expect(stored).toBe(path.slice(folder(base).length + 1))
        }
      }),
      { numRuns: 5000, seed: SEED },
    )
    expect(below).toBeGreaterThan(300)
  })
})
