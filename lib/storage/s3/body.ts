import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { PackedError } from '../../errors/index.js'
import type { ChunkOptions } from '../chunk-manager.js'
import type { ByteRange } from '../object-store.js'
import { onAbort } from '../on-abort.js'
import type { S3Connection } from './client.js'
import { describeS3Failure } from './failure.js'
import type { S3Operation, S3Requests } from './requests.js'

/** What is read of which object. */
export interface S3BodyRequest extends ChunkOptions {
  key: string
  range?: ByteRange | undefined
}

/**
 * The bytes of an object, or of a range, as they arrive.
 *
 * A body that ends early is asked for again from where it ended, of the object that the first
 * answer was of. The time for retries starts anew with every chunk; while nobody takes chunks it
 * stands still.
 */
export class S3Body {
  /** Bytes of the whole body. */
  readonly lengthBytes: number
  readonly #connection: S3Connection
  readonly #requests: S3Requests
  readonly #request: S3BodyRequest
  readonly #tag: string | undefined
  readonly #end: number
  /** CRC32 that the whole object has, in base64. */
  readonly #expected: string | undefined
  #crc = 0
  #at: number
  #answer: GetObjectCommandOutput | undefined

  private constructor(
    { connection, requests }: { connection: S3Connection; requests: S3Requests },
    request: S3BodyRequest,
    answer: GetObjectCommandOutput,
    lengthBytes: number,
  ) {
    this.#connection = connection
    this.#requests = requests
    this.#request = request
    this.#answer = answer
    this.#tag = answer.ETag
    this.#at = request.range?.offset ?? 0
    this.lengthBytes = lengthBytes
    this.#expected = request.range === undefined ? checksumOf(answer) : undefined
    this.#end = this.#at + this.lengthBytes
  }

  /** Ask for an object; null for no bytes of an object that has none. */
  static async open(
    store: { connection: S3Connection; requests: S3Requests },
    request: S3BodyRequest,
  ): Promise<S3Body | null> {
    const { offset = 0, length } = request.range ?? {}
    try {
      const answer = await ask(store, request, { offset, length })
      return new S3Body(store, request, answer, expectLength(answer, request.key))
    } catch (error) {
      // An empty object has no byte at which a range could start.
      const { code, cause } = error as { code?: string; cause?: { status?: number } }
      if (offset === 0 && code === 'InvalidArgument' && cause?.status === 416) return null
      throw error
    }
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    let failed = 0
    let untilMs = performance.now() + this.#requests.timeoutMs
    // Also a body of no bytes keeps its connection until somebody has read it.
    if (this.#at === this.#end) (this.#answer?.Body as Readable | undefined)?.resume()
    while (this.#at < this.#end) {
      try {
        this.#answer ??= await this.#continue(untilMs, failed)
        for await (const chunk of this.#arriving(this.#answer.Body as Readable)) {
          yield chunk
          failed = 0
          untilMs = performance.now() + this.#requests.timeoutMs
        }
        if (this.#at < this.#end) throw new EarlyEnd()
      } catch (error) {
        this.#answer = undefined
        await this.#recover(error, failed, untilMs)
        failed += 1
      }
    }
    this.#verify()
  }

  /** Chunks of one answer; the connection is given back or closed at the end. */
  async *#arriving(body: Readable): AsyncGenerator<Uint8Array, void, undefined> {
    const { signal } = this.#request
    const unlisten = signal && onAbort(signal, () => body.destroy(signal.reason))
    try {
      signal?.throwIfAborted()
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        this.#at += chunk.byteLength
        if (this.#expected !== undefined) this.#crc = crc32(chunk, this.#crc)
        this.#requests.meter.read(chunk.byteLength)
        yield chunk
      }
    } finally {
      unlisten?.()
      body.destroy()
    }
  }

  #verify(): void {
    if (this.#expected === undefined) return
    const found = Buffer.alloc(4)
    found.writeUInt32BE(this.#crc)
    if (found.toString('base64') === this.#expected) return
    const { key } = this.#request
    throw new PackedError(
      'FileCorrupted',
      `Expected the CRC32 of "${key}" to be ${this.#expected} but received other bytes`,
      { path: key },
    )
  }

  /** Waits before the next request, or throws what ends the reading. */
  async #recover(error: unknown, failed: number, untilMs: number): Promise<void> {
    const { key, signal } = this.#request
    if (signal?.aborted) throw signal.reason
    const delayMs = this.#requests.delayMs(failed)
    const { kind, again } = describeS3Failure(error)
    const lost = error instanceof EarlyEnd || again || kind === 'StorageIO'
    if (!lost || performance.now() + delayMs > untilMs) {
      throw this.#requests.error(error, { key })
    }
    await sleep(delayMs, undefined, signal === undefined ? {} : { signal }).catch(() => {
      throw signal?.reason
    })
  }

  async #continue(untilMs: number, failed: number): Promise<GetObjectCommandOutput> {
    const { key, signal } = this.#request
    const timeoutMs = Math.max(1, untilMs - performance.now())
    const range = { offset: this.#at, length: this.#end - this.#at, tag: this.#tag }
    const store = { connection: this.#connection, requests: this.#requests }
    try {
      return await ask(store, { key, signal, timeoutMs, failed }, range)
    } catch (error) {
      if ((error as { code?: string }).code !== 'PreconditionFailed') throw error
      throw new PackedError(
        'FileChanged',
        `Expected "${key}" to stay the same while it is read but received another object`,
        { path: key, cause: error },
      )
    }
  }
}

/** A checksum of all bytes: objects of parts have one of the checksums of their parts. */
function checksumOf({ ChecksumCRC32 }: GetObjectCommandOutput): string | undefined {
  return ChecksumCRC32?.includes('-') ? undefined : ChecksumCRC32
}

/** Without it nobody could tell a body that ends early. */
function expectLength({ ContentLength, Body }: GetObjectCommandOutput, key: string): number {
  if (ContentLength !== undefined) return ContentLength
  const body = Body as Readable | undefined
  body?.destroy()
  throw new PackedError('StorageIO', `Expected the length of "${key}" but received none`, {
    path: key,
  })
}

/** The connection was closed before all bytes had come. */
class EarlyEnd extends Error {
  override readonly name = 'EarlyEnd'
  readonly code = 'ECONNRESET'

  constructor() {
    super('a body that ended early')
  }
}

function ask(
  { connection, requests }: { connection: S3Connection; requests: S3Requests },
  operation: S3Operation,
  {
    offset,
    length,
    tag,
  }: { offset: number; length?: number | undefined; tag?: string | undefined },
): Promise<GetObjectCommandOutput> {
  const whole = offset === 0 && length === undefined
  const last = length === undefined ? '' : offset + length - 1
  const input = {
    Bucket: connection.bucket,
    Key: operation.key,
    ...(whole ? {} : { Range: `bytes=${offset}-${last}` }),
    ...(tag === undefined ? {} : { IfMatch: tag }),
  }
  return requests.run(operation, ({ send }) => send(new connection.sdk.GetObjectCommand(input)))
}
