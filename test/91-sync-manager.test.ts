/** The order in which syncs are run, and what becomes of those behind one that fails. */

import { tmpdir } from 'node:os'
import { PackedError } from '../lib/errors/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { SyncManager, type SyncManagerOptions } from '../lib/sync/index.js'
import { SILENT, UNMETERED } from '../lib/telemetry/index.js'
import { settle, submit, WorkJournal } from './support/sync-works.js'

const chunkManager = new LocalChunkManager({ rootPath: tmpdir() })
const managerOf = (options: Partial<SyncManagerOptions> = {}): SyncManager =>
  new SyncManager({ chunkManager, ...options })

describe('order', () => {
  test('three tasks of a segment, the first slow, are saved in call order (case 39)', async () => {
    const journal = new WorkJournal()
    const manager = managerOf()
    const works = ['a', 'b', 'c'].map((name) => journal.work(name))
    const outcomes = works.map((work) => submit(manager, work))
    await settle()
    expect(journal.lines).toEqual(['prepare a', 'prepare b', 'prepare c'])
    for (const work of works) work.committed.end()
    works[2]!.prepared.end()
    works[1]!.prepared.end()
    await settle()
    expect(journal.lines).toHaveLength(3)
    works[0]!.prepared.end()
    expect(await Promise.all(outcomes)).toEqual(['saved', 'saved', 'saved'])
    expect(journal.lines.slice(3)).toEqual(
      ['a', 'b', 'c'].flatMap((name) => [`commit ${name}`, `first ${name}`, `second ${name}`]),
    )
  })

  test('tasks of other segments overlap with a slow one (case 39)', async () => {
    const journal = new WorkJournal()
    const manager = managerOf()
    const slow = journal.work('slow')
    const slowly = submit(manager, slow)
    const quick = journal.work('quick', { segmentId: 2n, prompt: true })
    expect(await submit(manager, quick)).toBe('saved')
    expect(journal.lines).not.toContain('commit slow')
    slow.prepared.end()
    slow.committed.end()
    expect(await slowly).toBe('saved')
  })

  test('the next task of a key is saved when the callbacks have run', async () => {
    const journal = new WorkJournal()
    const manager = managerOf()
    let go = (): void => {}
    const first = journal.work('a', { prompt: true })
    const waiting = manager.syncData(first, () => new Promise<void>((resolve) => (go = resolve)))
    const second = submit(manager, journal.work('b', { prompt: true }))
    await settle()
    expect(journal.lines).not.toContain('commit b')
    go()
    await waiting
    expect(await second).toBe('saved')
  })
})

describe('a failure', () => {
  test('of task 2 fails task 3 with its error, then the key works again (case 39)', async () => {
    const journal = new WorkJournal()
    const manager = managerOf()
    const [a, b, c] = ['a', 'b', 'c'].map((name) => journal.work(name))
    const outcomes = [a!, b!, c!].map((work) => submit(manager, work))
    await settle()
    c!.prepared.end()
    b!.prepared.end(new Error('no room'))
    a!.prepared.end()
    a!.committed.end()
    expect(await Promise.all(outcomes)).toEqual(['saved', 'no room', 'no room'])
    expect(journal.lines.slice(3)).toEqual([
      ...['commit a', 'first a', 'second a'],
      ...['fail b: no room', 'first b: no room', 'second b: no room'],
      ...['abandon c', 'fail c: no room', 'first c: no room', 'second c: no room'],
    ])
    expect(await submit(manager, journal.work('d', { prompt: true }))).toBe('saved')
  })

  test('of a commit does so, too, and stops what is still being prepared', async () => {
    const journal = new WorkJournal()
    const manager = managerOf()
    const a = journal.work('a')
    const outcomes = [submit(manager, a), submit(manager, journal.work('b'))]
    a.prepared.end()
    a.committed.end(new Error('refused'))
    expect(await Promise.all(outcomes)).toEqual(['refused', 'refused'])
    expect(journal.lines).toContain('abandon b')
    expect(journal.lines).not.toContain('commit b')
  })

  test('fails what is submitted before the last one is told, at once', async () => {
    const journal = new WorkJournal()
    const manager = managerOf()
    const a = journal.work('a')
    let go = (): void => {}
    const outcome = manager.syncData(a, () => new Promise<void>((resolve) => (go = resolve)))
    a.prepared.end(new Error('broken'))
    const ended = outcome.catch((error: Error) => error.message)
    await settle()
    expect(await submit(manager, journal.work('b', { prompt: true }))).toBe('broken')
    expect(journal.lines).not.toContain('prepare b')
    const other = journal.work('c', { segmentId: 2n, prompt: true })
    expect(await submit(manager, other)).toBe('saved')
    go()
    expect(await ended).toBe('broken')
    expect(await submit(manager, journal.work('d', { prompt: true }))).toBe('saved')
  })

  test('is what the callbacks make of it, one after the other', async () => {
    const journal = new WorkJournal()
    const manager = managerOf()
    const heard: unknown[] = []
    const work = journal.work('a')
    work.prepared.end(new Error('one'))
    const outcome = manager.syncData(
      work,
      (error) => void heard.push(error),
      () => new Error('two'),
      (error) => void heard.push(error),
    )
    await expect(outcome).rejects.toThrow('two')
    expect(heard.map(String)).toEqual(['Error: one', 'Error: two'])
    const again = journal.work('b')
    again.prepared.end(new Error('handled'))
    await manager.syncData(again, () => null)
    expect(journal.lines).toContain('fail b: handled')
  })

  test('of a callback reaches the caller, not the next callback’s turn nor the key', async () => {
    const journal = new WorkJournal()
    const warn = jest.fn()
    const manager = managerOf({ logger: { ...SILENT, warn } })
    const work = journal.work('a', { prompt: true })
    const outcome = manager.syncData(
      work,
      () => {
        throw new Error('callback')
      },
      work.heard('after'),
    )
    const next = submit(manager, journal.work('b', { prompt: true }))
    await expect(outcome).rejects.toThrow('callback')
    expect(await next).toBe('saved')
    expect(journal.lines.filter((line) => !line.startsWith('prepare'))).toEqual([
      ...['commit a', 'after a: callback', 'commit b', 'first b', 'second b'],
    ])
    const failing = journal.work('c')
    failing.prepared.end(new Error('first cause'))
    const hidden = manager.syncData(failing, () => Promise.reject(new Error('callback')))
    await expect(hidden).rejects.toThrow('first cause')
    expect(warn.mock.calls).toEqual([
      [{ segmentId: 1n, err: new Error('callback') }, expect.stringContaining('callback')],
    ])
  })
})

describe('bounds', () => {
  test('keep tasks and bytes that are prepared at once below what is set', async () => {
    const journal = new WorkJournal()
    const manager = managerOf({ maxTasks: 3, maxBytes: 10 })
    const works = [4, 4, 1, 1, 8, 8].map((payloadBytes, index) =>
      journal.work(`${index}`, { segmentId: BigInt(index), payloadBytes }),
    )
    const outcomes = works.map((work) => submit(manager, work))
    await settle()
    expect(journal.lines).toEqual(['prepare 0', 'prepare 1', 'prepare 2'])
    for (const work of works) {
      work.prepared.end()
      work.committed.end()
    }
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['saved']))
    expect(journal.mostPreparing).toBe(3)
    expect(journal.mostPreparingBytes).toBe(9)
  })

  test('let a task that is larger run alone', async () => {
    const journal = new WorkJournal()
    const manager = managerOf({ maxBytes: 10 })
    const large = journal.work('large', { payloadBytes: 11 })
    const outcome = submit(manager, large)
    const small = submit(manager, journal.work('small', { segmentId: 2n, prompt: true }))
    await settle()
    expect(journal.lines).toEqual(['prepare large'])
    large.prepared.end()
    large.committed.end()
    expect(await Promise.all([outcome, small])).toEqual(['saved', 'saved'])
    expect(journal.mostPreparing).toBe(1)
  })

  test('do not hold up the end of a task that has not begun', async () => {
    const journal = new WorkJournal()
    const manager = managerOf({ maxTasks: 1 })
    const slow = journal.work('slow')
    void submit(manager, slow)
    const waiting = submit(manager, journal.work('waiting', { segmentId: 2n }))
    const closed = manager.close()
    expect(await waiting).toMatch('sync manager is closed')
    slow.prepared.end()
    slow.committed.end()
    await closed
    expect(journal.lines).toContain('commit slow')
    expect(journal.lines).not.toContain('prepare waiting')
  })
})

describe('the end', () => {
  test('refuses what comes later, waits for what runs, twice the same (case 39)', async () => {
    const journal = new WorkJournal()
    const manager = managerOf()
    const work = journal.work('a')
    const outcome = submit(manager, work)
    await settle()
    const closing = manager.close()
    expect(manager.close()).toBe(closing)
    const late = manager.syncData(journal.work('late'))
    await expect(late).rejects.toMatchObject({
      code: 'Closed',
      message: expect.stringContaining('sync manager is closed'),
    })
    work.prepared.end()
    work.committed.end()
    await closing
    expect(await outcome).toBe('saved')
    expect(journal.lines).toEqual(['prepare a', 'commit a', 'first a', 'second a'])
  })

  test('by a signal cancels what runs and what waits, with its reason', async () => {
    const journal = new WorkJournal()
    const controller = new AbortController()
    const manager = managerOf({ signal: controller.signal, maxTasks: 1 })
    const reason = new Error('enough')
    const outcomes = [submit(manager, journal.work('a')), submit(manager, journal.work('b'))]
    await settle()
    controller.abort(reason)
    expect(await Promise.all(outcomes)).toEqual(['enough', 'enough'])
    await expect(manager.syncData(journal.work('c'))).rejects.toBe(reason)
    await manager.close()
    expect(journal.lines.filter((line) => line.startsWith('prepare'))).toEqual(['prepare a'])
  })

  test('by a signal is for a commit under way to decide', async () => {
    const journal = new WorkJournal()
    const controller = new AbortController()
    const manager = managerOf({ signal: controller.signal })
    const work = journal.work('a')
    work.prepared.end()
    const commit = jest.spyOn(work, 'commit').mockImplementation(async () => {
      controller.abort(new Error('too late'))
    })
    expect(await submit(manager, work)).toBe('saved')
    expect(commit).toHaveBeenCalledTimes(1)
  })
})

describe('statistics', () => {
  test('keep the last 64 tasks, by segment and checkpoint, without holding them', async () => {
    const journal = new WorkJournal()
    const manager = managerOf()
    for (let index = 0; index < 70; index++) {
      const checkpoint = { channelName: 'c', messageId: 1n, timestamp: BigInt(index) }
      const work = journal.work(`${index}`, { checkpoint, payloadBytes: index, prompt: true })
      await submit(manager, work)
    }
    const tasks = manager.recentTasks()
    expect(tasks.map((task) => task.checkpointTimestamp)).toEqual(
      Array.from({ length: 64 }, (_, index) => BigInt(69 - index)),
    )
    expect(tasks[0]).toMatchObject({
      ...{ segmentId: 1n, orderKey: 'segment/1', phase: 'saved', payloadBytes: 69 },
      ...{ durationMs: expect.any(Number), failure: undefined },
    })
  })

  test('show what waits, runs and failed', async () => {
    const journal = new WorkJournal()
    const manager = managerOf({ maxTasks: 1 })
    const [a, b] = [journal.work('a'), journal.work('b', { segmentId: 2n })]
    const outcomes = [submit(manager, a), submit(manager, b)]
    await settle()
    expect(manager.recentTasks().map(({ phase }) => phase)).toEqual(['waiting', 'preparing'])
    a.prepared.end(new Error('bad disk'))
    b.prepared.end()
    b.committed.end()
    await Promise.all(outcomes)
    const [second, first] = manager.recentTasks()
    expect(first).toMatchObject({ phase: 'failed', failure: 'bad disk' })
    expect(second).toMatchObject({ phase: 'saved', failure: undefined })
  })

  test('count the tasks that wait or run for the meter', async () => {
    const journal = new WorkJournal()
    let read: (() => number) | undefined
    const observe = (_: string, reader: () => number): (() => void) => {
      read = reader
      return () => {
        read = undefined
      }
    }
    const manager = managerOf({ meter: { ...UNMETERED, observe } })
    const work = journal.work('a')
    const outcome = submit(manager, work)
    expect(read?.()).toBe(1)
    work.prepared.end()
    work.committed.end()
    await outcome
    expect(read?.()).toBe(0)
    await manager.close()
    expect(read).toBeUndefined()
  })
})

test('tasks write with the manager’s chunk manager, or with one of their own', async () => {
  const journal = new WorkJournal()
  const manager = managerOf()
  const other = new LocalChunkManager({ rootPath: '/' })
  const [a, b] = [journal.work('a', { prompt: true }), journal.work('b', { prompt: true })]
  await manager.syncData(a)
  await manager.syncDataWithChunkManager(other, b)
  expect(a.chunkManager).toBe(chunkManager)
  expect(b.chunkManager).toBe(other)
})

test('misspelled and bad options are refused', async () => {
  const wrong = [{ maxTask: 1 }, { maxTasks: 0 }, { maxBytes: 0.5 }, { chunkManager: {} }]
  for (const options of wrong) {
    expect(() => managerOf(options as Partial<SyncManagerOptions>)).toThrow(PackedError)
  }
})
