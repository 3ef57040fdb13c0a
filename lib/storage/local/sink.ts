import { randomBytes } from 'node:crypto'
import { access, type FileHandle, link, mkdir, open, rename, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PackedError } from '../../errors/index.js'
import { publishStage } from '../../telemetry/index.js'
import type { ObjectSink } from '../remote/object-sink.js'
import { errnoOf } from '../storage-error.js'
import { syncFolder } from './sync-folder.js'

const MOST_NAME_BYTES = 255
/** Bytes per system call: how late an abort may come, and what one call may occupy. */
const STEP_BYTES = 4 << 20

/** Names that unfinished writes have, those of the packed writer too. */
export function isTemporaryName(name: string): boolean {
  return /^\..*\.\d+-[0-9a-f]{16}\.(?:partial|backup)$/.test(name)
}

/** `.name.<pid>-<random>.partial` beside `file`; a long name is cut, not refused. */
function temporarySibling(file: string): string {
  const tail = `.${process.pid}-${randomBytes(8).toString('hex')}.partial`
  const name = Buffer.from(`.${basename(file)}`).subarray(0, MOST_NAME_BYTES - tail.length)
  return join(dirname(file), name.toString('latin1').replace(/[^\x20-\x7e]/g, '_') + tail)
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' || path === undefined) throw error
    // On a read-only file system Node says so of folders that it tried to make: ask plainly why.
    await mkdir(path)
    await mkdir(folder, { recursive: true })
  }
}

/** Somebody may remove the folder, empty as it is, between making it and using it. */
async function createBelow(file: string): Promise<FileHandle> {
  for (let attempt = 1; ; attempt += 1) {
    await makeFolder(dirname(file))
    try {
      return await open(file, 'wx')
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT' || attempt === 3) throw error
    }
  }
}

/** How a file is to appear. */
export interface FileSinkOptions {
  /** Force the file and its name to the disk. */
  fsync: boolean
  ifAbsent: boolean
  signal: AbortSignal | undefined
}

/** A file that appears whole, replacing what was there, or not at all. */
export class FileSink implements ObjectSink {
  readonly #file: string
  readonly #temporary: string
  readonly #handle: FileHandle
  readonly #options: FileSinkOptions
  readonly #detail = (): object => ({ path: this.#file })
  /** What runs, or ran last. */
  #work: Promise<void> = Promise.resolve()
  #state: 'open' | 'discarded' | 'finished' = 'open'

  private constructor(
    names: { file: string; temporary: string },
    handle: FileHandle,
    options: FileSinkOptions,
  ) {
    this.#file = names.file
    this.#temporary = names.temporary
    this.#handle = handle
    this.#options = options
  }

  /** @throws PackedError AlreadyExists, naming `key`; what the file system throws. */
  static async open(file: string, key: string, options: FileSinkOptions): Promise<FileSink> {
    if (options.ifAbsent && (await isThere(file))) {
      const message = `Expected no object at "${key}" but received one that exists`
      throw new PackedError('AlreadyExists', message, { path: key })
    }
    const temporary = temporarySibling(file)
    return new FileSink({ file, temporary }, await createBelow(temporary), options)
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#run(async () => {
      publishStage('file.write.before', this.#detail)
      for (let at = 0; at < chunk.byteLength; ) {
        this.#expectWanted()
        const step = Math.min(STEP_BYTES, chunk.byteLength - at)
        at += (await this.#handle.write(chunk, at, step)).bytesWritten
      }
      publishStage('file.write.after', this.#detail)
    })
  }

  finish(): Promise<void> {
    return this.#run(async () => {
      if (this.#options.fsync) await this.#handle.sync()
      await this.#handle.close()
      this.#expectWanted()
      publishStage('file.rename.before', this.#detail)
      await this.#publish()
      this.#state = 'finished'
      if (this.#options.fsync) await syncFolder(dirname(this.#file))
      publishStage('file.rename.after', this.#detail)
    })
  }

  async discard(): Promise<void> {
    if (this.#state !== 'open') return
    this.#state = 'discarded'
    await this.#work.catch(() => {})
    await this.#handle.close().catch(() => {})
    await unlink(this.#temporary).catch(() => {})
  }

  #run(operation: () => Promise<void>): Promise<void> {
    this.#work = operation()
    return this.#work
  }

  #expectWanted(): void {
    this.#options.signal?.throwIfAborted()
    if (this.#state === 'open') return
    throw new PackedError('Aborted', 'Expected an open stream to write to but it was destroyed')
  }

  /** A second name is refused where there is one already; a renamed file takes its place. */
  async #publish(): Promise<void> {
    if (!this.#options.ifAbsent) return rename(this.#temporary, this.#file)
    await link(this.#temporary, this.#file)
    await unlink(this.#temporary)
  }
}

function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

/** Write a file that appears whole, replacing what was there unless it must not, or not at all. */
export async function writeWhole(
  file: string,
  key: string,
  content: Uint8Array,
  options: FileSinkOptions,
): Promise<void> {
  const sink = await FileSink.open(file, key, options)
  try {
    await sink.write(content)
    await sink.finish()
  } finally {
    await sink.discard()
  }
}
