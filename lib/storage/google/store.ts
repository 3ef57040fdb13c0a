import { randomUUID } from 'node:crypto'
import type { Bucket, File } from '@google-cloud/storage'
import { expectText, type StorageConfig, unexpected } from '../../config/index.js'
import { PackedError, type PackedErrorCode } from '../../errors/index.js'
import { type StorageMeter, storageMeter } from '../../telemetry/index.js'
import type { ChunkEntry, ChunkOptions } from '../chunk-manager.js'
import { probeConditionalWrites } from '../conditional-probe.js'
import { withDeadline } from '../deadline.js'
import { type HttpFailure, storeError } from '../http-failure.js'
import { HTTP_DEFAULTS } from '../http-limits.js'
import { mapBounded } from '../map-bounded.js'
import type { ByteRange, ObjectStore, OpenUpload, StoredPart } from '../object-store.js'
import { remember } from '../remember.js'
import type { UploadOptions } from '../uploader.js'
import { OrderedUpload } from './upload.js'

const CONCURRENT_REMOVALS = 16
const MOST_RETRIES = 100
const MOST_DELAY_S = 5
/** Bytes of one request of a resumable upload, a multiple of 256 KiB as Google wants it. */
const UPLOAD_CHUNK_BYTES = 8 << 20
const PAGE_KEYS = 1000

/**
 * A bucket of Google Cloud Storage.
 *
 * An upload is one resumable session: its parts are one stream, and go one after the other. Google
 * forgets a session that nobody ends after a week and lists none, so `listUploads` is empty.
 */
class GcsObjectStore implements ObjectStore {
  readonly name: string
  readonly #bucket: Bucket
  readonly #meter: StorageMeter
  readonly #timeoutMs: number
  readonly #uploads = new Map<string, OrderedUpload>()
  readonly #conditional: () => Promise<boolean>

  constructor(name: string, bucket: Bucket, config: StorageConfig) {
    this.name = name
    this.#bucket = bucket
    this.#meter = storageMeter(name)
    this.#timeoutMs = config.retryTimeoutMs ?? HTTP_DEFAULTS.retryTimeoutMs
    this.#conditional = remember(() => probeConditionalWrites(this, config.rootPath ?? ''))
  }

  async create(key: string, options: UploadOptions = {}): Promise<string> {
    const upload = randomUUID()
    const stream = this.#bucket.file(key).createWriteStream({
      resumable: true,
      chunkSize: UPLOAD_CHUNK_BYTES,
      ...absence(options),
    })
    this.#uploads.set(upload, new OrderedUpload(stream))
    this.#meter.uploads(1)
    return upload
  }

  part(
    key: string,
    upload: string,
    { number, content }: { number: number; content: Uint8Array },
    options: ChunkOptions = {},
  ): Promise<string> {
    return this.#run(key, options, async (signal) => {
      await this.#upload(key, upload).write(number, content, signal)
      this.#meter.partSent()
      this.#meter.written(content.byteLength)
      return String(number)
    })
  }

  async complete(
    key: string,
    upload: string,
    _tags: readonly string[],
    options: UploadOptions = {},
  ): Promise<void> {
    await this.#run(key, options, (signal) => this.#upload(key, upload).end(signal))
    this.#forget(upload)
  }

  async abort(_key: string, upload: string): Promise<void> {
    this.#uploads.get(upload)?.destroy()
    this.#forget(upload)
  }

  async put(key: string, content: Uint8Array, options: UploadOptions = {}): Promise<void> {
    await this.#run(key, options, () =>
      this.#file(key).save(Buffer.from(content.buffer, content.byteOffset, content.byteLength), {
        resumable: false,
        ...absence(options),
      }),
    )
    this.#meter.written(content.byteLength)
  }

  async remove(key: string, options: ChunkOptions = {}): Promise<void> {
    await this.#run(key, options, () => this.#file(key).delete({ ignoreNotFound: true }))
  }

  head(key: string, options: ChunkOptions = {}): Promise<ChunkEntry> {
    return this.#run(key, options, async () => {
      const [found] = await this.#file(key).getMetadata()
      return entryOf(key, found)
    })
  }

  get(key: string, options: ChunkOptions & { range?: ByteRange } = {}): Promise<Uint8Array> {
    return this.#run(key, options, async (signal) => {
      const chunks: Uint8Array[] = []
      for await (const chunk of this.#chunks(key, options.range, signal)) chunks.push(chunk)
      return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    })
  }

  async *stream(
    key: string,
    options: ChunkOptions & { range?: ByteRange } = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.#chunks(key, options.range, options.signal)
    } catch (error) {
      options.signal?.throwIfAborted()
      throw storeError(error, key, describe)
    }
  }

  async *list(
    prefix: string,
    options: ChunkOptions & { recursive?: boolean } = {},
  ): AsyncGenerator<ChunkEntry, void, undefined> {
    let pageToken: string | undefined
    do {
      const [files, next] = await this.#run(prefix, options, () =>
        this.#bucket.getFiles({
          prefix,
          autoPaginate: false,
          maxResults: PAGE_KEYS,
          ...(options.recursive === false ? { delimiter: '/' } : {}),
          ...(pageToken === undefined ? {} : { pageToken }),
        }),
      )
      for (const { name, metadata } of files) yield entryOf(name, metadata)
      pageToken = (next as { pageToken?: string } | null)?.pageToken
    } while (pageToken !== undefined)
  }

  async removeMany(keys: readonly string[], options: ChunkOptions = {}): Promise<void> {
    await mapBounded(keys, CONCURRENT_REMOVALS, (key) => this.remove(key, options))
  }

  async copy(from: string, to: string, options: UploadOptions = {}): Promise<void> {
    await this.#run(from, options, () =>
      this.#file(from).copy(this.#bucket.file(to), absence(options)),
    )
  }

  async *listUploads(): AsyncGenerator<OpenUpload, void, undefined> {}

  async *listParts(): AsyncGenerator<StoredPart, void, undefined> {}

  conditionalWrites(): Promise<boolean> {
    return this.#conditional()
  }

  close(): void {}

  #file(key: string): File {
    return this.#bucket.file(key)
  }

  #upload(key: string, upload: string): OrderedUpload {
    const found = this.#uploads.get(upload)
    if (found !== undefined) return found
    throw new PackedError('NotFound', `Expected an open upload for "${key}" but received another`, {
      path: key,
    })
  }

  #forget(upload: string): void {
    if (this.#uploads.delete(upload)) this.#meter.uploads(-1)
  }

  async *#chunks(
    key: string,
    range: ByteRange = { offset: 0 },
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    if (range.length === 0) return
    // An empty object has no byte at which a range could start.
    const start = range.offset === 0 && range.length === undefined ? {} : { start: range.offset }
    const end = range.length === undefined ? {} : { end: range.offset + range.length - 1 }
    const body = this.#file(key).createReadStream({ ...start, ...end })
    const stop = () => body.destroy(signal?.reason as Error)
    signal?.addEventListener('abort', stop, { once: true })
    try {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        this.#meter.read(chunk.byteLength)
        yield chunk
      }
    } finally {
      signal?.removeEventListener('abort', stop)
    }
  }

  async #run<T>(
    key: string,
    { signal, ifAbsent = false }: UploadOptions,
    operation: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const started = performance.now()
    let failed = true
    try {
      const result = await withDeadline({ timeoutMs: this.#timeoutMs, signal }, operation)
      failed = false
      return result
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw storeError(error, key, (thrown) => describe(thrown, ifAbsent))
    } finally {
      // The SDK does not tell its attempts: an operation counts as one request.
      this.#meter.request(performance.now() - started, { failed })
    }
  }
}

function absence({ ifAbsent }: UploadOptions): {
  preconditionOpts?: { ifGenerationMatch: number }
} {
  return ifAbsent ? { preconditionOpts: { ifGenerationMatch: 0 } } : {}
}

function entryOf(
  path: string,
  { size, updated }: { size?: string | number; updated?: string },
): ChunkEntry {
  return {
    path,
    sizeBytes: Number(size ?? 0),
    modifiedMs: updated === undefined ? 0 : Date.parse(updated),
  }
}

function describe(
  thrown: unknown,
  ifAbsent = false,
): HttpFailure & { kind?: PackedErrorCode | undefined } {
  const { code, message } = (thrown ?? {}) as { code?: number | string; message?: string }
  const status = typeof code === 'number' ? code : Number.parseInt(String(code), 10) || undefined
  return {
    status,
    code: typeof code === 'string' && status === undefined ? code : undefined,
    message: message ?? String(thrown),
    kind: ifAbsent && status === 412 ? 'AlreadyExists' : undefined,
  }
}

/** Key of a service account, or what Google's libraries find on the machine with `useIam`. */
function credentialsOf(config: StorageConfig): Record<string, unknown> {
  if (config.gcpCredentialJson !== undefined) {
    try {
      return { credentials: JSON.parse(config.gcpCredentialJson) as Record<string, string> }
    } catch {
      // The parser's message would quote the secret.
      throw unexpected('JSON text', 'storage.gcpCredentialJson', '***')
    }
  }
  if (config.useIam) return {}
  // An emulator, or a public bucket: nothing to sign with.
  return { authClient: undefined, projectId: 'anonymous' }
}

/**
 * Open a bucket of Google Cloud Storage. Keys for its S3 interface (HMAC) belong to storageType
 * `minio` with the address `storage.googleapis.com`.
 *
 * @throws PackedError InvalidArgument (missing names), NotSupported (package not installed).
 */
export async function openGcsStore(config: StorageConfig): Promise<ObjectStore> {
  const bucket = expectText(config.bucketName, 'storage.bucketName')
  const sdk = await import('@google-cloud/storage').catch((error: unknown) => {
    throw new PackedError(
      'NotSupported',
      'Expected the package @google-cloud/storage for cloudProvider gcp but it is not installed',
      { cause: error },
    )
  })
  const { address } = config
  const { retryTimeoutMs } = { ...HTTP_DEFAULTS, ...config }
  const client = new sdk.Storage({
    ...(address === undefined
      ? {}
      : {
          apiEndpoint: /^https?:/.test(address)
            ? address
            : `http${config.useSsl ? 's' : ''}://${address}`,
        }),
    ...credentialsOf(config),
    retryOptions: {
      autoRetry: true,
      maxRetries: MOST_RETRIES,
      maxRetryDelay: MOST_DELAY_S,
      totalTimeout: Math.ceil(retryTimeoutMs / 1000),
      idempotencyStrategy: sdk.IdempotencyStrategy.RetryAlways,
    },
  })
  const name = `${(address ?? 'storage.googleapis.com').replace(/^https?:\/\//, '')}/${bucket}`
  return new GcsObjectStore(name, client.bucket(bucket), config)
}
