import { getEventListeners } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { PackedWriter } from '../lib/index.js'
import { rejection } from './support/rejection.js'
import { sampleBatch, sampleSchema } from './support/sample.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const root = temporaryDirectory('writer-abort')
let count = 0
const fresh = (): string => join(root, String(count++))
const reason = new Error('changed my mind')

function openWith(signal: AbortSignal, directory = fresh()): Promise<PackedWriter> {
  return PackedWriter.open({ schema: sampleSchema(), directory, signal, bufferBytes: 1 << 16 })
}

afterEach(() => expect(filesBelow(root)).toEqual([]))

describe('an aborted signal', () => {
  test('before open: rejects with its reason, nothing is made', async () => {
    await expect(openWith(AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  test('during open: rejects with its reason, nothing is left', async () => {
    const controller = new AbortController()
    const directory = fresh()
    const opening = openWith(controller.signal, directory)
    controller.abort(reason)
    await expect(opening).rejects.toBe(reason)
    expect(existsSync(directory)).toBe(false)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  test('during a write: the write and those behind it reject with its reason', async () => {
    const controller = new AbortController()
    const directory = fresh()
    const writer = await openWith(controller.signal, directory)
    await writer.write(sampleBatch(0, 10_000))
    const calls = [
      writer.write(sampleBatch(10_000, 50_000)),
      writer.write(sampleBatch(60_000, 10)),
      writer.finish(),
    ]
    controller.abort(reason)
    const settled = await Promise.allSettled(calls)
    expect(settled.slice(1)).toEqual([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ])
    await writer.close()
    expect(existsSync(directory)).toBe(false)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  test('between two calls: the files go at once, the next call rejects', async () => {
    const controller = new AbortController()
    const directory = fresh()
    const writer = await openWith(controller.signal, directory)
    await writer.write(sampleBatch(0, 10))
    controller.abort(reason)
    await expect(writer.write(sampleBatch(10, 1))).rejects.toBe(reason)
    await expect(writer.finish()).rejects.toBe(reason)
    expect(existsSync(directory)).toBe(false)
    await writer.close()
    expect((await rejection(() => writer.finish())).code).toBe('Closed')
  })

  test('during finish: either published whole, or the reason and nothing', async () => {
    for (const delay of [0, 1, 3, 10]) {
      const controller = new AbortController()
      const directory = fresh()
      const writer = await openWith(controller.signal, directory)
      await writer.write(sampleBatch(0, 30_000))
      const finishing = writer.finish()
      setTimeout(() => controller.abort(reason), delay)
      const [result] = await Promise.allSettled([finishing])
      await writer.close()
      if (result?.status === 'rejected') {
        expect(result.reason).toBe(reason)
        expect(existsSync(directory)).toBe(false)
      } else {
        expect(filesBelow(directory)).toHaveLength(2)
        for (const file of filesBelow(directory)) rmSync(file)
      }
    }
  })

  test('after finish: changes nothing', async () => {
    const controller = new AbortController()
    const writer = await openWith(controller.signal)
    const { groups } = await writer.finish()
    controller.abort(reason)
    await writer.close()
    for (const { path } of groups) {
      expect(existsSync(path)).toBe(true)
      rmSync(path)
    }
  })

  test('without a reason of its own: rejects with AbortError, as fetch does', async () => {
    const controller = new AbortController()
    const writer = await openWith(controller.signal)
    controller.abort()
    await expect(writer.finish()).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('one signal for many writers gathers no listeners', async () => {
    const { signal } = new AbortController()
    const listeners = new Set<number>()
    for (let i = 0; i < 20; i++) {
      const writer = await openWith(signal)
      listeners.add(getEventListeners(signal, 'abort').length)
      await writer.close()
    }
    // One of the writer, in an object store another one of its uploads.
    expect([[1], [2]]).toContainEqual([...listeners])
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })
})
