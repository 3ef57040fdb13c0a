/** Manifests in the raw form that Milvus wrote before container files. */
import { decodeManifest } from '../lib/manifest/index.js'
import { COMMON, INDEX, LOB, raw, STATS } from './support/manifest-bytes.js'

describe('the raw form', () => {
  test.each([1, 2, 3, 4, 5, 6])('of version %i is read (case 65)', (version) => {
    expect(decodeManifest(raw(version), 'a/seg')).toEqual({
      ...COMMON,
      // Before version 3 statistics were paths.
      stats: version < 3 ? { 'bm25.102': { ...STATS['bm25.102'], metadata: {} } } : STATS,
      indexes: version < 6 ? [] : [INDEX],
      lobFiles: version < 5 ? [] : [LOB],
    })
  })

  test.each([0, 7, -1])('of version %i is none', (version) => {
    expect(() => decodeManifest(raw(version), 'a/seg', 'm')).toThrow(
      expect.objectContaining({
        code: 'MetadataCorrupted',
        message: `Expected a raw form of version 1 to 6 in the manifest m but received version ${version}`,
      }),
    )
  })

  test.each([1, 2, 3, 6])('of version %i is refused at every other length', (version) => {
    const whole = raw(version)
    for (let length = 0; length < whole.length; length += 1) {
      const cut = whole.subarray(0, length)
      expect(() => decodeManifest(cut, 'a/seg', 'm')).toThrow(
        expect.objectContaining({ code: 'MetadataCorrupted', path: 'm' }),
      )
    }
    expect(() => decodeManifest(Buffer.concat([whole, Buffer.alloc(1)]), 'a/seg')).toThrow(
      /nothing behind the record/,
    )
  })
})
