import { randomBytes } from 'node:crypto'
import { link, readFile, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { isPackedError, PackedError } from '../../errors/index.js'
import { writeWhole } from '../local/sink.js'
import { errnoOf, storageError } from '../storage-error.js'

const NAME = '.lock'
/** To break the lock of a dead process, while others may try the same. */
const MOST_ATTEMPTS = 4

/** Who holds a lock. The start time tells a process from a later one of the same number. */
interface Holder {
  pid: number
  started: string
  thread: number
}

/** Ticks since boot at which a process started; empty where the system does not tell. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
  // The name of the program, in brackets, may hold spaces.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return errnoOf(error) === 'EPERM'
  }
}

async function isAlive({ pid, started }: Holder): Promise<boolean> {
  return exists(pid) && (await startOf(pid)) === started
}

/** The holder that a lock file names; undefined for one that is gone or no lock. */
async function holderOf(file: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(file, 'utf8')) as Partial<Holder>
    const { pid, started, thread } = holder
    const valid = Number.isInteger(pid) && typeof started === 'string' && Number.isInteger(thread)
    return valid ? { pid: pid!, started, thread: thread! } : undefined
  } catch {
    return undefined
  }
}

/** Put the lock of a dead process away; another one may have done so, and locked, meanwhile. */
async function breakLock(file: string): Promise<void> {
  const aside = `${file}.${process.pid}-${randomBytes(8).toString('hex')}`
  await rename(file, aside).catch(() => {})
  const holder = await holderOf(aside)
  if (holder !== undefined && (await isAlive(holder))) await link(aside, file).catch(() => {})
  await unlink(aside).catch(() => {})
}

/**
 * Take a directory for this thread alone.
 *
 * @returns what gives it back.
 * @throws PackedError Conflict when another process, or another thread of this one, has it.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const file = join(directory, NAME)
  const mine: Holder = { pid: process.pid, started: await startOf(process.pid), thread: threadId }
  for (let attempt = 1; ; attempt += 1) {
    if (await created(file, mine)) return () => unlink(file)
    const holder = await holderOf(file)
    const alive = holder !== undefined && (await isAlive(holder))
    if (alive || attempt === MOST_ATTEMPTS) throw held(directory, holder)
    await breakLock(file)
  }
}

/** A lock appears with its content: nobody ever sees an empty one. */
async function created(file: string, holder: Holder): Promise<boolean> {
  const content = Buffer.from(JSON.stringify(holder))
  try {
    await writeWhole(file, file, content, { fsync: false, ifAbsent: true, signal: undefined })
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    if (isPackedError(error) && error.code === 'AlreadyExists') return false
    throw storageError(error, file)
  }
}

function held(directory: string, holder: Holder | undefined): PackedError {
  const who =
    holder === undefined
      ? 'one that others use'
      : `one that process ${holder.pid} (thread ${holder.thread}) uses`
  const message = `Expected the spool "${directory}" for this thread alone but received ${who}`
  return new PackedError('Conflict', message, { path: directory })
}
