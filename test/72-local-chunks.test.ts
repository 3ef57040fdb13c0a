import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ChunkOptions, LocalChunkManager } from '../lib/storage/index.js'
import { rejection } from './support/rejection'
import { filesBelow, temporaryDirectory } from './support/temporary'

const BASE = temporaryDirectory('local-chunks')
const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const LONG = 'x'.repeat(300)
let trees = 0

/** A chunk manager over a tree of its own. */
function manager(): LocalChunkManager {
  trees += 1
  return new LocalChunkManager({ rootPath: join(BASE, String(trees)) })
}

async function keysBelow(
  chunks: LocalChunkManager,
  prefix: string,
  options?: ChunkOptions & { recursive?: boolean },
): Promise<string[]> {
  const keys: string[] = []
  for await (const { path } of chunks.walk(prefix, options)) keys.push(path)
  return keys
}

async function filled(...keys: string[]): Promise<LocalChunkManager> {
  const chunks = manager()
  for (const key of keys) await chunks.write(key, bytesOf(key))
  return chunks
}

describe('objects', () => {
  test('are written whole, read whole or in part, and replaced', async () => {
    const chunks = manager()
    await chunks.write('a/b/c', bytesOf('hello world'))
    expect(textOf(await chunks.read('a/b/c'))).toBe('hello world')
    expect(textOf(await chunks.readAt('a/b/c', 6, 5))).toBe('world')
    expect((await chunks.readAt('a/b/c', 11, 0)).length).toBe(0)
    expect(await chunks.size('a/b/c')).toBe(11)
    await chunks.write('a/b/c', bytesOf('bye'))
    expect(textOf(await chunks.read('a/b/c'))).toBe('bye')
    expect(filesBelow(chunks.rootPath)).toEqual([join(chunks.rootPath, 'a/b/c')])
  })

  test('may be empty, larger than one step, and a view into a larger buffer', async () => {
    const chunks = manager()
    await chunks.write('empty', new Uint8Array(0))
    expect(await chunks.size('empty')).toBe(0)
    expect((await chunks.read('empty')).length).toBe(0)
    const large = new Uint8Array(9 << 20).map((_, index) => index % 251)
    await chunks.write('large', large.subarray(1))
    expect(Buffer.compare(await chunks.read('large'), large.subarray(1))).toBe(0)
    await chunks.write('words', new Uint8Array(Uint32Array.of(1, 2, 3).buffer, 4, 4))
    expect([...(await chunks.read('words'))]).toEqual([2, 0, 0, 0])
  })

  test('exist until they are removed, twice if need be; folders do not', async () => {
    const chunks = await filled('a/b')
    expect(await chunks.exist('a/b')).toBe(true)
    expect(await chunks.exist('a')).toBe(false)
    expect(await chunks.exist('a/b/c')).toBe(false)
    await chunks.remove('a/b')
    await chunks.remove('a/b')
    await chunks.remove('a/b/c')
    expect(await chunks.exist('a/b')).toBe(false)
  })

  test('can be written side by side, many at a time', async () => {
    const chunks = manager()
    const keys = Array.from({ length: 100 }, (_, index) => `many/${index % 10}/${index}`)
    await Promise.all(keys.map((key) => chunks.write(key, bytesOf(key))))
    const read = await Promise.all(keys.map(async (key) => textOf(await chunks.read(key))))
    expect(read).toEqual(keys)
  })
})

describe('walking', () => {
  const KEYS = ['a-b/x', 'a/1', 'a/b/2', 'a/b/3', 'a0', 'b/1']

  test('gives keys below a prefix in key order', async () => {
    const chunks = await filled(...[...KEYS].reverse())
    expect(await keysBelow(chunks, '')).toEqual([...KEYS].sort())
    expect(await keysBelow(chunks, 'a/')).toEqual(['a/1', 'a/b/2', 'a/b/3'])
    expect(await keysBelow(chunks, 'a')).toEqual(['a-b/x', 'a/1', 'a/b/2', 'a/b/3', 'a0'])
    expect(await keysBelow(chunks, 'a/b/3')).toEqual(['a/b/3'])
    expect(await keysBelow(chunks, 'nothing/here/')).toEqual([])
  })

  test('stays in one folder where asked', async () => {
    const chunks = await filled(...KEYS)
    expect(await keysBelow(chunks, 'a/', { recursive: false })).toEqual(['a/1'])
    expect(await keysBelow(chunks, '', { recursive: false })).toEqual(['a0'])
  })

  test('tells sizes and times', async () => {
    const chunks = manager()
    const before = Date.now() - 1000
    await chunks.write('x', bytesOf('1234'))
    for await (const entry of chunks.walk('')) {
      expect(entry).toMatchObject({ path: 'x', sizeBytes: 4 })
      expect(entry.modifiedMs).toBeGreaterThan(before)
    }
  })

  test('passes temporary files and names that no key can have', async () => {
    const chunks = await filled('a/1')
    writeFileSync(join(chunks.rootPath, 'a/.1.77-0123456789abcdef.partial'), 'half')
    writeFileSync(join(chunks.rootPath, 'a/back\\slash'), '')
    writeFileSync(join(chunks.rootPath, 'a/.kept'), '')
    expect(await keysBelow(chunks, '')).toEqual(['a/.kept', 'a/1'])
  })
})

describe('removing by prefix', () => {
  test('takes what the prefix says, and folders left empty', async () => {
    const chunks = await filled('s/1/a', 's/1/b/c', 's/10/a', 's/2/a')
    await chunks.removeWithPrefix('s/1/')
    expect(await keysBelow(chunks, '')).toEqual(['s/10/a', 's/2/a'])
    await chunks.removeWithPrefix('s/1')
    expect(await keysBelow(chunks, '')).toEqual(['s/2/a'])
    expect((await rejection(() => chunks.read('s/10'))).code).toBe('NotFound')
    await chunks.removeWithPrefix('absent')
    expect(await keysBelow(chunks, '')).toEqual(['s/2/a'])
  })

  test('never takes everything', async () => {
    const chunks = await filled('a')
    for (const prefix of ['', '/', '..', '../']) {
      expect((await rejection(() => chunks.removeWithPrefix(prefix))).code).toBe('InvalidArgument')
    }
    expect(await keysBelow(chunks, '')).toEqual(['a'])
  })
})

describe('keys', () => {
  const BAD = ['', '/etc/passwd', '..', 'a/../b', 'a//b', './a', 'a/.', 'a/', 'a\\..\\b', 'a\0', 7]

  test.each(BAD)('%j is refused everywhere', async (key) => {
    const chunks = manager()
    const bad = key as string
    const calls = [
      () => chunks.write(bad, bytesOf('x')),
      () => chunks.read(bad),
      () => chunks.readAt(bad, 0, 1),
      () => chunks.size(bad),
      () => chunks.exist(bad),
      () => chunks.remove(bad),
    ]
    for (const call of calls) expect((await rejection(call)).code).toBe('InvalidArgument')
  })

  test('may have dots, spaces and any letter', async () => {
    const chunks = await filled('a b/..c/ü/漢字', 'x..y')
    expect(await keysBelow(chunks, '')).toEqual(['a b/..c/ü/漢字', 'x..y'])
  })

  test('with a long name get a shorter temporary one', async () => {
    const key = 'ä'.repeat(127)
    expect(await keysBelow(await filled(key), '')).toEqual([key])
  })
})

describe('links', () => {
  test('to files are read and listed, to folders not descended into, removed as links', async () => {
    const chunks = await filled('in/own')
    const outside = join(BASE, 'outside')
    mkdirSync(outside)
    writeFileSync(join(outside, 'far'), 'far away')
    symlinkSync(outside, join(chunks.rootPath, 'in/folder'))
    symlinkSync(join(outside, 'far'), join(chunks.rootPath, 'in/file'))
    symlinkSync(join(outside, 'gone'), join(chunks.rootPath, 'in/broken'))
    expect(textOf(await chunks.read('in/folder/far'))).toBe('far away')
    expect(await keysBelow(chunks, '')).toEqual(['in/file', 'in/own'])
    await chunks.removeWithPrefix('in/')
    expect(readFileSync(join(outside, 'far'), 'utf8')).toBe('far away')
  })
})

describe('failures', () => {
  test('a FIFO is no object, and nobody waits for its writer', async () => {
    const chunks = await filled('file')
    expect(spawnSync('mkfifo', [join(chunks.rootPath, 'fifo')]).status).toBe(0)
    const streamed = async () => {
      for await (const chunk of chunks.readStream('fifo')) expect(chunk).toBeUndefined()
    }
    for (const read of [() => chunks.read('fifo'), () => chunks.readAt('fifo', 0, 0), streamed]) {
      const { code, path, message } = await rejection(read)
      expect([code, path]).toEqual(['InvalidArgument', 'fifo'])
      expect(message).toMatch(/no regular file/)
    }
    await expect(chunks.copy('fifo', 'copy')).rejects.toMatchObject({ code: 'InvalidArgument' })
    expect(textOf(await chunks.read('file'))).toBe('file')
  })

  test('have a code and the key', async () => {
    const chunks = await filled('file', 'folder/x')
    const cases: [string, () => Promise<unknown>, string][] = [
      ['NotFound', () => chunks.read('absent'), 'absent'],
      ['NotFound', () => chunks.size('absent/x'), 'absent/x'],
      ['InvalidArgument', () => chunks.read('folder'), 'folder'],
      ['InvalidArgument', () => chunks.read('file/x'), 'file/x'],
      ['InvalidArgument', () => chunks.readAt('file', 2, 3), 'file'],
      ['InvalidArgument', () => chunks.readAt('file', 5, 1), 'file'],
      ['InvalidArgument', () => chunks.write('folder', bytesOf('x')), 'folder'],
      ['InvalidArgument', () => chunks.write(LONG, bytesOf('x')), LONG],
    ]
    for (const [code, call, path] of cases) {
      const error = await rejection(call)
      expect([error.code, error.path]).toEqual([code, path])
      expect(error.message).toMatch(/^Expected .* but received /)
    }
    expect((await rejection(() => chunks.readAt('file', -1, 1))).message).toMatch(/for offset/)
    expect((await rejection(() => chunks.readAt('file', 0, 0.5))).message).toMatch(/for length/)
    const text = 'text' as unknown as Uint8Array
    expect((await rejection(() => chunks.write('x', text))).message).toMatch(/a Uint8Array/)
    expect(filesBelow(chunks.rootPath).length).toBe(2)
  })

  test('of permission are PermissionDenied, for root as well', async () => {
    const chunks = new LocalChunkManager({ rootPath: '/sys' })
    const error = await rejection(() => chunks.write('packed', bytesOf('y')))
    expect([error.code, error.path]).toEqual(['PermissionDenied', 'packed'])
    expect(await chunks.exist('packed')).toBe(false)
  })

  test('of a full file system (a tmpfs, where it may be mounted) leave what was there', async () => {
    const chunks = await filled('a')
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', chunks.rootPath])
    if (mounted.status !== 0) {
      process.stderr.write(`NOT RUN (cannot mount a tmpfs: ${mounted.stderr}): full file system\n`)
      return
    }
    try {
      await chunks.write('a', bytesOf('small'))
      const error = await rejection(() => chunks.write('a', new Uint8Array(2 << 20)))
      expect([error.code, error.path, error.retryable]).toEqual(['NoSpace', 'a', true])
      expect(textOf(await chunks.read('a'))).toBe('small')
      expect(filesBelow(chunks.rootPath).length).toBe(1)
    } finally {
      spawnSync('umount', [chunks.rootPath])
    }
  })
})

describe('an aborted signal', () => {
  const reason = new Error('enough')

  test('stops every call with its reason before it starts', async () => {
    const chunks = await filled('a')
    const signal = AbortSignal.abort(reason)
    const calls = [
      () => chunks.write('b', bytesOf('x'), { signal }),
      () => chunks.read('a', { signal }),
      () => chunks.readAt('a', 0, 1, { signal }),
      () => chunks.size('a', { signal }),
      () => chunks.exist('a', { signal }),
      () => chunks.remove('a', { signal }),
      () => chunks.removeWithPrefix('a', { signal }),
      () => keysBelow(chunks, '', { signal }),
    ]
    for (const call of calls) await expect(call()).rejects.toBe(reason)
    expect(await keysBelow(chunks, '')).toEqual(['a'])
  })

  test('ends a write half-way; nothing is left of it, and the old object stays', async () => {
    const chunks = await filled('a')
    const controller = new AbortController()
    const writing = chunks.write('a', new Uint8Array(64 << 20), { signal: controller.signal })
    setTimeout(() => controller.abort(reason), 2)
    await expect(writing).rejects.toBe(reason)
    expect(textOf(await chunks.read('a'))).toBe('a')
    expect(filesBelow(chunks.rootPath)).toEqual([join(chunks.rootPath, 'a')])
  })

  test('leaves calls behind it alone', async () => {
    const chunks = manager()
    const controller = new AbortController()
    const { signal } = controller
    const writes = Array.from({ length: 8 }, (_, index) =>
      chunks.write(`x${index}`, bytesOf('x'), index < 6 ? { signal } : {}),
    )
    controller.abort(reason)
    const settled = await Promise.allSettled(writes)
    expect(settled.slice(6).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(settled[5]).toEqual({ status: 'rejected', reason })
  })
})

describe('options', () => {
  test.each([
    [{}, /rootPath/],
    [{ rootPath: '' }, /rootPath/],
    [{ rootPath: 'x', rootpath: 'y' }, /Did you mean "rootPath"/],
    [{ rootPath: 'x', fsync: 1 }, /a boolean for fsync/],
  ])('%j is refused', async (options, message) => {
    const error = await rejection(() => new LocalChunkManager(options as { rootPath: string }))
    expect(error.message).toMatch(message)
  })

  test('force an object to the disk where asked', async () => {
    const chunks = new LocalChunkManager({ rootPath: join(BASE, 'forced'), fsync: true })
    await chunks.write('a', bytesOf('x'))
    expect(textOf(await chunks.read('a'))).toBe('x')
  })
})
