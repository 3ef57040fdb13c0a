import { randomUUID } from 'node:crypto'
import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob'
import type { StorageConfig } from '../../config/index.js'
import type { PackedErrorCode } from '../../errors/index.js'
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
import { azureContainer, azureEndpoint, azureFailure } from './client.js'

/** Requests of one call that touches many blobs, at a time. */
const CONCURRENT_REMOVALS = 16
/** How often a body that ends early is asked for again, from where it ended. */
const BODY_RETRIES = 20
const COPY_POLL_MS = 100

/**
 * A container of Azure Blob Storage.
 *
 * An upload is a name of ours in the ids of uncommitted blocks. Azure has no way to drop those: it
 * does so itself after a week, and at the next commit of the blob. So `abort` only counts, and
 * `listUploads` is empty; nothing of an upload is ever visible as a blob.
 */
class AzureObjectStore implements ObjectStore {
  readonly name: string
  readonly #container: ContainerClient
  readonly #meter: StorageMeter
  readonly #timeoutMs: number
  readonly #uploads = new Set<string>()
  readonly #conditional: () => Promise<boolean>

  constructor(name: string, container: ContainerClient, config: StorageConfig) {
    this.name = name
    this.#container = container
    this.#meter = storageMeter(name)
    this.#timeoutMs = config.retryTimeoutMs ?? HTTP_DEFAULTS.retryTimeoutMs
    this.#conditional = remember(() => probeConditionalWrites(this, config.rootPath ?? ''))
  }

  async create(): Promise<string> {
    const upload = randomUUID()
    this.#uploads.add(upload)
    this.#meter.uploads(1)
    return upload
  }

  part(
    key: string,
    upload: string,
    { number, content }: { number: number; content: Uint8Array },
    options: ChunkOptions = {},
  ): Promise<string> {
    return this.#run(key, options, async (abortSignal) => {
      const id = blockId(upload, number)
      await this.#blob(key).stageBlock(id, content, content.byteLength, { abortSignal })
      this.#meter.partSent()
      this.#meter.written(content.byteLength)
      return id
    })
  }

  async complete(
    key: string,
    upload: string,
    tags: readonly string[],
    options: UploadOptions = {},
  ): Promise<void> {
    await this.#run(key, options, (abortSignal) =>
      this.#blob(key).commitBlockList([...tags], { abortSignal, ...absence(options) }),
    )
    this.#forget(upload)
  }

  async abort(_key: string, upload: string): Promise<void> {
    this.#forget(upload)
  }

  async put(key: string, content: Uint8Array, options: UploadOptions = {}): Promise<void> {
    await this.#run(key, options, (abortSignal) =>
      this.#blob(key).upload(content, content.byteLength, { abortSignal, ...absence(options) }),
    )
    this.#meter.written(content.byteLength)
  }

  async remove(key: string, options: ChunkOptions = {}): Promise<void> {
    await this.#run(key, options, (abortSignal) => this.#blob(key).deleteIfExists({ abortSignal }))
  }

  head(key: string, options: ChunkOptions = {}): Promise<ChunkEntry> {
    return this.#run(key, options, async (abortSignal) => {
      const found = await this.#blob(key).getProperties({ abortSignal })
      return entryOf(key, found)
    })
  }

  async get(key: string, options: ChunkOptions & { range?: ByteRange } = {}): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    for await (const chunk of this.stream(key, options)) chunks.push(chunk)
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
  }

  async *stream(
    key: string,
    options: ChunkOptions & { range?: ByteRange } = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { range = { offset: 0 }, signal } = options
    if (range.length === 0) return
    const response = await this.#run(key, options, () =>
      this.#blob(key).download(range.offset, range.length, {
        maxRetryRequests: BODY_RETRIES,
        ...(signal === undefined ? {} : { abortSignal: signal }),
      }),
    ).catch((error: unknown) => {
      // An empty blob has no byte at which a range could start.
      if (range.offset === 0 && (error as { code?: string }).code === 'InvalidArgument') return
      throw error
    })
    if (response === undefined) return
    try {
      for await (const chunk of response.readableStreamBody as AsyncIterable<Uint8Array>) {
        this.#meter.read(chunk.byteLength)
        yield chunk
      }
    } catch (error) {
      signal?.throwIfAborted()
      throw storeError(error, key, describe)
    }
  }

  async *list(
    prefix: string,
    options: ChunkOptions & { recursive?: boolean } = {},
  ): AsyncGenerator<ChunkEntry, void, undefined> {
    const settings = { prefix, ...signalOf(options) }
    const items =
      options.recursive === false
        ? this.#container.listBlobsByHierarchy('/', settings)
        : this.#container.listBlobsFlat(settings)
    try {
      for await (const item of items) {
        if (!('kind' in item) || item.kind === 'blob') {
          if ('properties' in item) yield entryOf(item.name, item.properties)
        }
      }
    } catch (error) {
      options.signal?.throwIfAborted()
      throw storeError(error, prefix, describe)
    }
  }

  async removeMany(keys: readonly string[], options: ChunkOptions = {}): Promise<void> {
    await mapBounded(keys, CONCURRENT_REMOVALS, (key) => this.remove(key, options))
  }

  async copy(from: string, to: string, options: UploadOptions = {}): Promise<void> {
    await this.#run(from, options, async (abortSignal) => {
      const poller = await this.#blob(to).beginCopyFromURL(this.#blob(from).url, {
        abortSignal,
        intervalInMs: COPY_POLL_MS,
        ...absence(options),
      })
      return poller.pollUntilDone()
    })
  }

  async *listUploads(): AsyncGenerator<OpenUpload, void, undefined> {}

  async *listParts(
    key: string,
    upload: string,
    options: ChunkOptions = {},
  ): AsyncGenerator<StoredPart, void, undefined> {
    const list = await this.#run(key, options, (abortSignal) =>
      this.#blob(key).getBlockList('uncommitted', { abortSignal }),
    ).catch((error: unknown) => {
      if ((error as { code?: string }).code === 'NotFound') return undefined
      throw error
    })
    for (const { name, size } of list?.uncommittedBlocks ?? []) {
      const number = partNumber(upload, name)
      if (number !== undefined) yield { number, sizeBytes: size, tag: name }
    }
  }

  conditionalWrites(): Promise<boolean> {
    return this.#conditional()
  }

  close(): void {}

  #forget(upload: string): void {
    if (this.#uploads.delete(upload)) this.#meter.uploads(-1)
  }

  #blob(key: string): BlockBlobClient {
    return this.#container.getBlockBlobClient(key)
  }

  async #run<T>(
    key: string,
    { signal, ifAbsent = false }: UploadOptions,
    operation: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    try {
      return await withDeadline({ timeoutMs: this.#timeoutMs, signal }, operation)
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      throw storeError(error, key, (thrown) => describe(thrown, ifAbsent))
    }
  }
}

/** Ids of one blob must be equally long; 50,000 is the most that Azure takes. */
function blockId(upload: string, number: number): string {
  return Buffer.from(`${upload}:${String(number).padStart(5, '0')}`).toString('base64')
}

function partNumber(upload: string, id: string): number | undefined {
  const [name, number] = Buffer.from(id, 'base64').toString().split(':')
  return name === upload && /^\d{5}$/.test(number ?? '') ? Number(number) : undefined
}

function absence({ ifAbsent }: UploadOptions): { conditions?: { ifNoneMatch: string } } {
  return ifAbsent ? { conditions: { ifNoneMatch: '*' } } : {}
}

function signalOf({ signal }: ChunkOptions): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal }
}

function entryOf(path: string, found: { contentLength?: number; lastModified?: Date }): ChunkEntry {
  return {
    path,
    sizeBytes: found.contentLength ?? 0,
    modifiedMs: found.lastModified?.getTime() ?? 0,
  }
}

/** Azure answers a refused creation with 409 or 412, and a wrong account with other 4xx. */
const KINDS: Readonly<Record<string, PackedErrorCode>> = {
  BlobAlreadyExists: 'AlreadyExists',
  ContainerNotFound: 'NotFound',
  AuthenticationFailed: 'PermissionDenied',
  AuthorizationFailure: 'PermissionDenied',
  ServerBusy: 'Throttled',
  OperationTimedOut: 'Timeout',
  REQUEST_SEND_ERROR: 'Network',
}

function describe(
  thrown: unknown,
  ifAbsent = false,
): HttpFailure & { kind?: PackedErrorCode | undefined } {
  const failure = azureFailure(thrown)
  const refused = ifAbsent && (failure.status === 409 || failure.status === 412)
  return { ...failure, kind: refused ? 'AlreadyExists' : KINDS[failure.code ?? ''] }
}

/**
 * Open a container of Azure Blob Storage by account name and key.
 *
 * @throws PackedError InvalidArgument (missing names), NotSupported (package not installed).
 */
export async function openAzureStore(config: StorageConfig): Promise<ObjectStore> {
  const name = `${azureEndpoint(config).replace(/^https?:\/\//, '')}/${config.bucketName}`
  const container = await azureContainer(config, storageMeter(name))
  return new AzureObjectStore(name, container, config)
}
