import { readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { lockDirectory } from '../lib/storage/index.js'
import { startScript } from './support/child.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const BASE = temporaryDirectory('directory-lock')
let count = 0
const fresh = (): string => join(BASE, String(count++))

const ownerIn = (directory: string): unknown =>
  JSON.parse(readFileSync(join(directory, 'lock'), 'utf8'))

/** A process that holds a directory until it is killed. */
async function holder(directory: string) {
  const child = startScript('hold-directory.cjs', [directory])
  await new Promise<void>((resolve, reject) => {
    child.stdout!.once('data', () => resolve())
    child.once('close', () => reject(new Error('Expected the holder to hold')))
  })
  return child
}

describe('a locked directory', () => {
  test('is made, and its file names the owner', async () => {
    const directory = join(fresh(), 'deeper')
    const lock = await lockDirectory(directory, { name: 'ingest worker' })
    const owner = { pid: process.pid, host: hostname(), name: 'ingest worker' }
    expect(ownerIn(directory)).toMatchObject(owner)
    expect(lock).toMatchObject({ directory, owner, staleOwner: undefined })
    await lock.release()
  })

  test('is refused to the same process, naming it, until it is given back', async () => {
    const directory = fresh()
    const lock = await lockDirectory(directory)
    const error = await rejection(() => lockDirectory(directory))
    expect(error).toMatchObject({ code: 'Conflict', path: directory })
    expect(error.message).toContain(`process ${process.pid} on ${hostname()}`)
    expect(error.message).toContain(lock.owner.since)
    await lock.release()
    await lock.release()
    const next = await lockDirectory(directory)
    expect(next.staleOwner).toBeUndefined()
    await lock.release()
    await expect(lockDirectory(directory)).rejects.toMatchObject({ code: 'Conflict' })
    await next.release()
  })

  test('of two who try at once goes to one', async () => {
    const directory = fresh()
    const tried = await Promise.allSettled([1, 2, 3, 4].map(() => lockDirectory(directory)))
    const taken = tried.filter((result) => result.status === 'fulfilled')
    expect(taken).toHaveLength(1)
    await taken[0]!.value.release()
  })

  test('is refused to another process, and taken over when that was killed', async () => {
    const directory = fresh()
    const child = await holder(directory)
    const error = await rejection(() => lockDirectory(directory))
    expect(error.code).toBe('Conflict')
    expect(error.message).toContain(`process ${child.pid} on ${hostname()} (the child)`)
    const dead = new Promise((resolve) => child.once('close', resolve))
    child.kill('SIGKILL')
    await dead
    const lock = await lockDirectory(directory)
    expect(lock.staleOwner).toMatchObject({ pid: child.pid, name: 'the child' })
    expect(ownerIn(directory)).toMatchObject({ pid: process.pid })
    await lock.release()
  })

  test('is free again when the thread that held it was terminated', async () => {
    const directory = fresh()
    const script = join(__dirname, 'support', 'hold-directory.cjs')
    const worker = new Worker(script, { argv: [directory], stdout: true })
    await new Promise((resolve) => worker.stdout.once('data', resolve))
    await expect(lockDirectory(directory)).rejects.toMatchObject({ code: 'Conflict' })
    await worker.terminate()
    const lock = await lockDirectory(directory)
    expect(lock.staleOwner).toMatchObject({ name: 'the child' })
    await lock.release()
  })

  test('with a lock file that says nothing readable is still locked, or free', async () => {
    const directory = fresh()
    const lock = await lockDirectory(directory)
    writeFileSync(join(directory, 'lock'), '{"pid":')
    const error = await rejection(() => lockDirectory(directory))
    expect(error.message).toContain('one that another process holds')
    await lock.release()
    writeFileSync(join(directory, 'lock'), 'null')
    const next = await lockDirectory(directory)
    expect(next.staleOwner).toBeUndefined()
    await next.release()
  })

  test('needs a directory, and knows its options', async () => {
    const file = fresh()
    writeFileSync(file, '')
    await expect(lockDirectory(file)).rejects.toMatchObject({ name: 'PackedError' })
    expect(() => lockDirectory('')).toThrow(/non-empty string/)
    expect(() => lockDirectory(BASE, { nam: 'x' } as object)).toThrow(/Did you mean "name"/)
  })
})
