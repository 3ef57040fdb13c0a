import type { StorageConfig } from '../../config/index.js'
import type { ChunkEntry, ChunkOptions } from '../chunk-manager.js'
import { probeConditionalWrites } from '../conditional-probe.js'
import type { ByteRange, ObjectStore, OpenUpload, StoredPart } from '../object-store.js'
import { remember } from '../remember.js'
import type { UploadOptions } from '../uploader.js'
import { S3Body } from './body.js'
import { connectS3, type S3Connection } from './client.js'
import { copyObject } from './copy.js'
import { S3Head } from './head.js'
import { listObjects, listParts, listUploads } from './list.js'
import { removeObjects } from './remove.js'
import { S3Requests } from './requests.js'
import { S3Writes } from './writes.js'

/** A bucket of S3, or of a store that speaks its protocol. */
class S3ObjectStore implements ObjectStore {
  readonly name: string
  readonly #connection: S3Connection
  readonly #requests: S3Requests
  readonly #writes: S3Writes
  readonly #conditional: () => Promise<boolean>
  readonly #head: S3Head

  constructor(connection: S3Connection, config: StorageConfig) {
    this.name = connection.name
    this.#connection = connection
    this.#requests = new S3Requests(connection, config)
    this.#writes = new S3Writes(connection, this.#requests)
    this.#head = new S3Head(connection, this.#requests)
    this.#conditional = remember(() => probeConditionalWrites(this, config.rootPath ?? ''))
  }

  create(key: string, options?: UploadOptions): Promise<string> {
    return this.#writes.create(key, options)
  }

  part(
    key: string,
    upload: string,
    part: { number: number; content: Uint8Array },
    options?: ChunkOptions,
  ): Promise<string> {
    return this.#writes.part(key, upload, part, options)
  }

  complete(
    key: string,
    upload: string,
    tags: readonly string[],
    options?: UploadOptions,
  ): Promise<void> {
    return this.#writes.complete(key, upload, tags, options)
  }

  abort(key: string, upload: string, options?: ChunkOptions): Promise<void> {
    return this.#writes.abort(key, upload, options)
  }

  put(key: string, content: Uint8Array, options?: UploadOptions): Promise<void> {
    return this.#writes.put(key, content, options)
  }

  async remove(key: string, { signal }: ChunkOptions = {}): Promise<void> {
    try {
      await this.#requests.run({ key, signal }, ({ send }) =>
        send(new this.#connection.sdk.DeleteObjectCommand(this.#at(key))),
      )
    } catch (error) {
      if (!isMissingKey(error)) throw error
    }
  }

  async head(key: string, { signal }: ChunkOptions = {}): Promise<ChunkEntry> {
    const found = await this.#head.of(key, { signal })
    return {
      path: key,
      sizeBytes: found.ContentLength ?? 0,
      modifiedMs: found.LastModified?.getTime() ?? 0,
    }
  }

  async get(key: string, options: ChunkOptions & { range?: ByteRange } = {}): Promise<Uint8Array> {
    const body = await this.#open(key, options)
    if (body === null) return new Uint8Array()
    const bytes = new Uint8Array(body.lengthBytes)
    let at = 0
    for await (const chunk of body.chunks()) {
      bytes.set(chunk, at)
      at += chunk.byteLength
    }
    return bytes
  }

  async *stream(
    key: string,
    options: ChunkOptions & { range?: ByteRange } = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const body = await this.#open(key, options)
    if (body !== null) yield* body.chunks()
  }

  list(
    prefix: string,
    options: ChunkOptions & { recursive?: boolean } = {},
  ): AsyncGenerator<ChunkEntry, void, undefined> {
    return listObjects(this.#store(), prefix, options)
  }

  removeMany(keys: readonly string[], options: ChunkOptions = {}): Promise<void> {
    return removeObjects(this.#store(), keys, options)
  }

  copy(from: string, to: string, options: UploadOptions = {}): Promise<void> {
    const copier = { ...this.#store(), head: this.#head, writes: this.#writes }
    return copyObject(copier, from, to, options)
  }

  listUploads(
    prefix: string,
    options: ChunkOptions = {},
  ): AsyncGenerator<OpenUpload, void, undefined> {
    return listUploads(this.#store(), prefix, options)
  }

  listParts(
    key: string,
    upload: string,
    options: ChunkOptions = {},
  ): AsyncGenerator<StoredPart, void, undefined> {
    return listParts(this.#store(), { key, upload }, options)
  }

  conditionalWrites(): Promise<boolean> {
    return this.#conditional()
  }

  close(): void {
    this.#connection.closeIdle()
  }

  #store(): { connection: S3Connection; requests: S3Requests } {
    return { connection: this.#connection, requests: this.#requests }
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#connection.bucket, Key: key }
  }

  async #open(
    key: string,
    { signal, range }: ChunkOptions & { range?: ByteRange | undefined },
  ): Promise<S3Body | null> {
    if (range?.length === 0) return null
    return S3Body.open(this.#store(), { key, signal, range })
  }
}

/** True where only the object is not there; a bucket that is missing is another matter. */
function isMissingKey(error: unknown): boolean {
  const { code, cause } = error as { code?: string; cause?: { code?: string } }
  return code === 'NotFound' && cause?.code !== 'NoSuchBucket'
}

/**
 * Open a bucket for a checked configuration.
 *
 * @throws PackedError of a CA file that cannot be read, NotSupported for roles outside AWS.
 */
export async function openS3Store(config: StorageConfig): Promise<ObjectStore> {
  return new S3ObjectStore(await connectS3(config), config)
}
