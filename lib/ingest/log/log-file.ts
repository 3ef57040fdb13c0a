import { type FileHandle, open, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { storageError, syncFolder } from '../../storage/index.js'
import { encodeHeader, type FileHeader, HEADER_BYTES } from './file-header.js'

/** Room for the largest of 64 bits, so that names sort as numbers do. */
const ID_DIGITS = 19

/** `0000000000000000001.log`: a log file is called after its first message. */
export function logFileName(firstMessageId: bigint): string {
  return `${String(firstMessageId).padStart(ID_DIGITS, '0')}.log`
}

/** First message of the log file of a name; undefined for names of other files. */
export function firstMessageOf(name: string): bigint | undefined {
  return /^\d{19}\.log$/.test(name) ? BigInt(name.slice(0, ID_DIGITS)) : undefined
}

/** A file that records are appended to. Its calls are made one after the other, but `sync`. */
export class LogFile {
  readonly path: string
  readonly header: FileHeader
  readonly #handle: FileHandle
  #endOffset: number
  /** There may be something behind `#endOffset`. */
  #isRagged = false

  private constructor(path: string, header: FileHeader, handle: FileHandle, endOffset: number) {
    this.path = path
    this.header = header
    this.#handle = handle
    this.#endOffset = endOffset
  }

  /** A new file with its header, both on the disk; nothing is left of one that fails. */
  static async create(path: string, header: FileHeader): Promise<LogFile> {
    const handle = await guarded(path, () => open(path, 'w'))
    try {
      return await guarded(path, async () => {
        await handle.appendFile(encodeHeader(header))
        await handle.sync()
        await syncFolder(dirname(path))
        return new LogFile(path, header, handle, HEADER_BYTES)
      })
    } catch (error) {
      await handle.close().catch(() => {})
      await unlink(path).catch(() => {})
      throw error
    }
  }

  /** A file that is there: cut where its whole records end, what is left of it on the disk. */
  static async reopen(path: string, header: FileHeader, endOffset: number): Promise<LogFile> {
    const handle = await guarded(path, () => open(path, 'r+'))
    try {
      await guarded(path, async () => {
        if ((await handle.stat()).size > endOffset) await handle.truncate(endOffset)
        await handle.datasync()
      })
      return new LogFile(path, header, handle, endOffset)
    } catch (error) {
      await handle.close().catch(() => {})
      throw error
    }
  }

  /** Behind the last whole record. */
  get endOffset(): number {
    return this.#endOffset
  }

  /** Hand all parts to the operating system, or leave the file as it was. */
  async append(parts: readonly Uint8Array[], bytes: number): Promise<void> {
    try {
      await guarded(this.path, async () => {
        if (this.#isRagged) await this.#cutRest()
        this.#isRagged = true
        await this.#writeAll(parts)
        this.#isRagged = false
      })
    } catch (error) {
      await this.cut(this.#endOffset)
      throw error
    }
    this.#endOffset += bytes
  }

  /** Take back what is behind an offset: now, or else before the next append. */
  async cut(endOffset: number): Promise<void> {
    this.#endOffset = endOffset
    this.#isRagged = true
    await this.#cutRest().catch(() => {})
  }

  /** Force what was appended to the disk. */
  sync(): Promise<void> {
    return guarded(this.path, () => this.#handle.datasync())
  }

  close(): Promise<void> {
    return guarded(this.path, () => this.#handle.close())
  }

  async #cutRest(): Promise<void> {
    await this.#handle.truncate(this.#endOffset)
    this.#isRagged = false
  }

  async #writeAll(parts: readonly Uint8Array[]): Promise<void> {
    let rest = [...parts]
    for (let at = this.#endOffset; rest.length > 0; ) {
      const { bytesWritten } = await this.#handle.writev(rest, at)
      at += bytesWritten
      rest = behind(rest, bytesWritten)
    }
  }
}

/** What is left of parts behind their first `bytes`. */
function behind(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes
  const first = parts.findIndex((part) => {
    if (skip < part.byteLength) return true
    skip -= part.byteLength
    return false
  })
  if (first === -1) return []
  return [parts[first]!.subarray(skip), ...parts.slice(first + 1)]
}

async function guarded<T>(path: string, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation()
  } catch (error) {
    throw storageError(error, path)
  }
}
