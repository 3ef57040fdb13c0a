/** The readable copy of a manifest. */
import fc from 'fast-check'
import {
  decodeManifest,
  decodeManifestJson,
  EMPTY_MANIFEST,
  encodeManifestJson,
} from '../lib/manifest/index.js'
import { hasLoon } from './support/fixtures'
import { arbitraryBase, arbitraryManifest, fullManifest, realManifest } from './support/manifests'

const SEED = Number(process.env.ARROW_PACKED_SEED ?? 20240229)

describe('manifest.json', () => {
  test('is text for people: names of Milvus, exact integers, paths without the segment', () => {
    const text = encodeManifestJson(fullManifest('files/1/2/3'), 7, 'files/1/2/3')
    expect(text).toMatch(/^\{\n {2}"committed_version": 7,\n {2}"paths": "relative",\n/)
    expect(text).toContain('"path": "0_a.parquet"')
    expect(text).toContain('"path": "101/_data/x.vx"')
    expect(text).toContain('"index_id": 9223372036854775807,')
    expect(text).toContain('"index_version": -9223372036854775808,')
    expect(text).toContain('"num_entries": 9007199254740991')
    expect(Object.keys(JSON.parse(text).manifest)).toEqual([
      'version',
      'column_groups',
      'delta_logs',
      'stats',
      'indexes',
      'lob_files',
    ])
    expect(text).toBe(encodeManifestJson(fullManifest('files/1/2/3'), 7, 'files/1/2/3'))
    expect(text.endsWith('}\n')).toBe(true)
  })

  const real = hasLoon("the listings of Milvus's own reader") ? test : test.skip

  real.each([1, 2])("is read as Milvus's own listing of number %i, too", (version) => {
    const { bytes, json } = realManifest(version)
    expect(decodeManifestJson(json, 'seg')).toEqual({
      version,
      manifest: decodeManifest(bytes, 'seg'),
    })
  })

  real.each([1, 2])("is Milvus's own listing of number %i but for the paths", (version) => {
    const { bytes, json } = realManifest(version)
    const ours = JSON.parse(encodeManifestJson(decodeManifest(bytes, 'seg'), version, 'seg'))
    expect(ours.paths).toBe('relative')
    delete ours.paths
    expect(ours).toEqual(JSON.parse(json.replaceAll(/"seg\/_(data|delta|stats)\//g, '"')))
  })

  test(`at random comes back (seed ${SEED})`, () => {
    const cases = arbitraryBase.chain((base) =>
      fc.tuple(fc.constant(base), arbitraryManifest(base)),
    )
    fc.assert(
      fc.property(cases, fc.maxSafeNat(), ([base, manifest], version) => {
        const text = encodeManifestJson(manifest, version, base)
        expect(decodeManifestJson(text, base)).toEqual({ version, manifest })
      }),
      { numRuns: 300, seed: SEED },
    )
  })

  const whole = (manifest: unknown) => JSON.stringify({ committed_version: 1, manifest })
  const groups = (files: unknown) =>
    whole({ column_groups: [{ columns: [], format: 'parquet', files }], delta_logs: [] })

  test('may leave out what has a default', () => {
    const { manifest } = decodeManifestJson(whole({ column_groups: [], delta_logs: [] }), 'seg')
    expect(manifest).toEqual(EMPTY_MANIFEST)
  })

  test.each([
    ['no JSON', '{"committed', 'JSON in the manifest m'],
    ['no object', '[]', 'an object for manifest.json'],
    ['no number', '{}', 'manifest.json.committed_version'],
    ['no manifest', '{"committed_version":1}', 'manifest.json.manifest'],
    ['a number below zero', '{"committed_version":-1,"manifest":{}}', 'committed_version'],
    ['a rounded number', '{"committed_version":1e300,"manifest":{}}', 'committed_version'],
    ['no groups', whole({}), 'manifest.column_groups'],
    ['files that are no list', groups({}), 'column_groups[0].files'],
    ['a file that is text', groups(['x']), 'column_groups[0].files[0]'],
    ['a file without a path', groups([{}]), 'column_groups[0].files[0].path'],
    ['half a character', groups([{ path: '\ud83d' }]), 'column_groups[0].files[0].path'],
    ['a start that is text', groups([{ path: 'x', start: '0' }]), 'files[0].start'],
    ['an end before the start', groups([{ path: 'x', start: 5 }]), 'files[0].end_index'],
    ['a property that is none', groups([{ path: 'x', properties: { a: 1 } }]), 'properties.a'],
    ['other paths', '{"committed_version":1,"paths":"all","manifest":{}}', '"all"'],
  ])('with %s is refused', (_, text, named) => {
    expect(() => decodeManifestJson(text, 'seg', 'm')).toThrow(
      expect.objectContaining({
        code: 'MetadataCorrupted',
        path: 'm',
        message: expect.stringContaining(named),
      }),
    )
  })

  test('is refused at every other length', () => {
    const text = encodeManifestJson(fullManifest('seg'), 1, 'seg').trimEnd()
    for (let length = 0; length < text.length; length += 1) {
      expect(() => decodeManifestJson(text.slice(0, length), 'seg', 'm')).toThrow(
        expect.objectContaining({ code: 'MetadataCorrupted', path: 'm' }),
      )
    }
  })
})
