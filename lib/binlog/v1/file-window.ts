import type { ChunkManager } from '../../storage/index.js'

/** Read at a time: descriptor and first event header of a usual file come with one call. */
const WINDOW_BYTES = 4096

/** Small pieces of an object, read a few kilobytes at a time. */
export class FileWindow {
  readonly sizeBytes: number
  readonly #read: (offset: number, length: number) => Promise<Uint8Array>
  #start = 0
  #bytes: Uint8Array = new Uint8Array(0)

  constructor(sizeBytes: number, read: (offset: number, length: number) => Promise<Uint8Array>) {
    this.sizeBytes = sizeBytes
    this.#read = read
  }

  /** A window over a stored object. */
  static async open(
    chunks: ChunkManager,
    path: string,
    signal: AbortSignal | undefined,
  ): Promise<FileWindow> {
    const sizeBytes = await chunks.size(path, { signal })
    return new FileWindow(sizeBytes, (offset, length) =>
      chunks.readAt(path, offset, length, { signal }),
    )
  }

  /** A window over bytes in memory. */
  static over(bytes: Uint8Array): FileWindow {
    return new FileWindow(bytes.length, async (offset, length) =>
      bytes.subarray(offset, offset + length),
    )
  }

  /** `length` bytes from `offset`; fewer where the object ends before. */
  async take(offset: number, length: number): Promise<Uint8Array> {
    const end = Math.min(offset + length, this.sizeBytes)
    if (offset < this.#start || end > this.#start + this.#bytes.length) {
      const wanted = Math.max(length, WINDOW_BYTES)
      this.#bytes = await this.#read(offset, Math.min(wanted, this.sizeBytes - offset))
      this.#start = offset
    }
    return this.#bytes.subarray(offset - this.#start, end - this.#start)
  }
}
