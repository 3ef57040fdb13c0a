import { join } from 'node:path'
import { LocalChunkManager, openChunkManager, RemoteChunkManager } from '../lib/storage/index.js'
import { patternAt, reasonOf } from './support/chunks'
import { storageAt } from './support/object-servers'
import { rejection } from './support/rejection'
import { temporaryDirectory } from './support/temporary'

const BASE = temporaryDirectory('open-chunk-manager')
const MIB = 1 << 20
const REASON = new Error('no longer wanted')
const bytesOf = (text: string) => new TextEncoder().encode(text)

describe('a mapping of a local object', () => {
  test('has its bytes, is private and outlives the file', async () => {
    const rootPath = join(BASE, 'mapped')
    const chunks = new LocalChunkManager({ rootPath })
    const content = patternAt(3 * MIB)
    await chunks.write('a/b', content)
    const [mapped, other] = [await chunks.mmap('a/b'), await chunks.mmap('a/b')]
    expect(Buffer.compare(mapped, content)).toBe(0)
    mapped.fill(7, 10, 20)
    expect([mapped[10], other[10]]).toEqual([7, content[10]])
    expect(Buffer.compare(await chunks.read('a/b'), content)).toBe(0)
    await chunks.remove('a/b')
    expect(Buffer.compare(other, content)).toBe(0)
    await chunks.write('empty', new Uint8Array(0))
    expect((await chunks.mmap('empty')).length).toBe(0)
  })

  test('is refused for what is no object', async () => {
    const chunks = new LocalChunkManager({ rootPath: join(BASE, 'mapped') })
    await chunks.write('folder/there', bytesOf('x'))
    const wrong: [string, string][] = [
      ['absent', 'NotFound'],
      ['../x', 'InvalidArgument'],
      ['folder', 'InvalidArgument'],
    ]
    for (const [key, code] of wrong) {
      const error = await rejection(() => chunks.mmap(key))
      expect(error.code).toBe(code)
      if (code === 'NotFound') expect(error.path).toBe(key)
    }
    const aborted = chunks.mmap('folder/there', { signal: AbortSignal.abort(REASON) })
    expect(await reasonOf(aborted)).toBe(REASON)
  })
})

describe('openChunkManager', () => {
  test('takes a directory for a local one', async () => {
    const rootPath = join(BASE, 'opened')
    const chunks = await openChunkManager({ rootPath })
    expect([chunks.rootPath, chunks.path('a/b')]).toEqual([rootPath, join(rootPath, 'a/b')])
    expect((await openChunkManager()).rootPath).toBe(process.cwd())
    const error = await rejection(() => openChunkManager({ storageType: 's4' as 'local' }))
    expect(error.code).toBe('InvalidArgument')
  })

  test('refuses a remote one without a bucket, or over a directory', async () => {
    const wrong = [
      () => openChunkManager({ storageType: 'minio', address: 'localhost:1' }),
      () => RemoteChunkManager.open({ storage: { rootPath: BASE } }),
      () => RemoteChunkManager.open({} as never),
      () => RemoteChunkManager.open({ storage: storageAt(1), root: 'x' } as never),
      () => RemoteChunkManager.open({ storage: storageAt(1, { rootPath: '../x' }) }),
    ]
    for (const call of wrong) expect((await rejection(call)).code).toBe('InvalidArgument')
  })
})
