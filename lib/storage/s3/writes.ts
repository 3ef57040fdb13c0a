import { createHash, randomUUID } from 'node:crypto'
import type {
  HeadObjectCommandOutput,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-s3'
import type { ChunkOptions } from '../chunk-manager.js'
import type { Uploader, UploadOptions } from '../uploader.js'
import type { S3Connection } from './client.js'
import { describeS3Failure, type S3Failure } from './failure.js'
import { S3LostUploads } from './lost-uploads.js'
import type { S3Attempt, S3Command, S3Requests } from './requests.js'
import { completedParts, tagOf } from './tags.js'

/** User metadata that says which write made an object: identical bytes do not. */
const WRITE_ID = 'arrow-packed-write'
/** Of the last look at what became of a write, after the time of the write is over. */
const LAST_LOOK_MS = 2000

/** How an object that may be ours is recognised: by its write id, else by the tag of its parts. */
interface Identity {
  writeId?: string | undefined
  tag?: string | undefined
}

/**
 * Puts objects into one bucket of S3.
 *
 * A request whose answer is lost may have been carried out. So a write that is refused after such
 * a request, because an object stands there or the upload is gone, looks whether that is its own.
 */
export class S3Writes implements Omit<Uploader, 'remove'> {
  readonly #connection: S3Connection
  readonly #requests: S3Requests
  readonly #lost: S3LostUploads
  /** Write ids of the uploads of this process. */
  readonly #writeIds = new Map<string, string>()

  constructor(connection: S3Connection, requests: S3Requests) {
    this.#connection = connection
    this.#requests = requests
    this.#lost = new S3LostUploads(connection, requests)
  }

  async put(key: string, content: Uint8Array, options: UploadOptions = {}): Promise<void> {
    const { ifAbsent = false, signal } = options
    const writeId = ifAbsent ? randomUUID() : undefined
    const command = () =>
      new this.#connection.sdk.PutObjectCommand({
        ...this.#at(key),
        Body: content,
        ContentLength: content.byteLength,
        ...condition(ifAbsent),
        ...metadata(writeId),
      })
    const operation = { key, signal, ifAbsent, bytes: content.byteLength }
    await this.#settled(operation, { writeId }, () =>
      this.#requests.run(operation, (attempt) =>
        this.#unlessOurs(attempt, key, { writeId }, this.#sendBody(attempt, key, command())),
      ),
    )
    this.#requests.meter.written(content.byteLength)
  }

  async create(key: string, { signal }: UploadOptions = {}): Promise<string> {
    const writeId = randomUUID()
    let uncertain = false
    const answer = await this.#requests.run({ key, signal }, ({ failed, send }) => {
      uncertain = failed > 0
      return send(
        new this.#connection.sdk.CreateMultipartUploadCommand({
          ...this.#at(key),
          ...(this.#connection.checksums ? { ChecksumAlgorithm: 'CRC32' } : {}),
          ...metadata(writeId),
        }),
      )
    })
    const upload = answer.UploadId ?? ''
    this.#writeIds.set(upload, writeId)
    this.#requests.meter.uploads(1)
    if (uncertain) await this.#lost.suspect(key, upload)
    return upload
  }

  async part(
    key: string,
    upload: string,
    { number, content }: { number: number; content: Uint8Array },
    { signal }: ChunkOptions = {},
  ): Promise<string> {
    const bytes = content.byteLength
    const command = () =>
      new this.#connection.sdk.UploadPartCommand({
        ...this.#at(key),
        UploadId: upload,
        PartNumber: number,
        Body: content,
        ContentLength: bytes,
      })
    const answer = await this.#requests.run({ key, signal, bytes }, (attempt) =>
      this.#sendBody(attempt, key, command()),
    )
    this.#requests.meter.partSent()
    this.#requests.meter.written(bytes)
    return tagOf(answer)
  }

  async complete(
    key: string,
    upload: string,
    tags: readonly string[],
    { signal, ifAbsent = false }: UploadOptions = {},
  ): Promise<void> {
    const identity = { writeId: this.#writeIds.get(upload), tag: tagOfParts(tags) }
    const command = () =>
      new this.#connection.sdk.CompleteMultipartUploadCommand({
        ...this.#at(key),
        UploadId: upload,
        MultipartUpload: { Parts: completedParts(tags) },
        ...condition(ifAbsent),
      })
    const operation = { key, signal, ifAbsent }
    await this.#settled(operation, identity, () =>
      this.#requests.run(operation, (attempt) =>
        this.#unlessOurs(attempt, key, identity, attempt.send(command())),
      ),
    )
    await this.#ended(key, upload)
  }

  async abort(key: string, upload: string, { signal }: ChunkOptions = {}): Promise<void> {
    try {
      await this.#requests.run({ key, signal }, ({ send }) =>
        send(
          new this.#connection.sdk.AbortMultipartUploadCommand({
            ...this.#at(key),
            UploadId: upload,
          }),
        ),
      )
    } catch (error) {
      if ((error as { code?: string }).code !== 'NotFound') throw error
    }
    await this.#ended(key, upload)
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#connection.bucket, Key: key }
  }

  /** Counted once, by who knew of the upload. */
  async #ended(key: string, upload: string): Promise<void> {
    if (this.#writeIds.delete(upload)) this.#requests.meter.uploads(-1)
    await this.#lost.sweep(key, upload)
  }

  /**
   * Send a request with a body. A store may refuse it without reading the body, and the answer is
   * lost when the connection goes: giving up an upload that does not exist asks for the reason.
   */
  async #sendBody<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    { send }: S3Attempt,
    key: string,
    command: S3Command<I, O>,
  ): Promise<O> {
    try {
      return await send(command)
    } catch (thrown) {
      if (!isReset(describeS3Failure(thrown))) throw thrown
      const input = { ...this.#at(key), UploadId: randomUUID() }
      const reason = await send(new this.#connection.sdk.AbortMultipartUploadCommand(input)).catch(
        (error: unknown) => error,
      )
      const { kind, code } = describeS3Failure(reason)
      throw kind === 'PermissionDenied' || code === 'NoSuchBucket' ? reason : thrown
    }
  }

  /** A refusal that an earlier attempt of the same write may have caused is looked into. */
  async #unlessOurs(
    attempt: S3Attempt,
    key: string,
    identity: Identity,
    answer: Promise<unknown>,
  ): Promise<void> {
    try {
      await answer
    } catch (thrown) {
      const { kind, code } = describeS3Failure(thrown)
      const gone = code === 'NoSuchUpload'
      const refused = kind === 'PreconditionFailed' || kind === 'AlreadyExists'
      if (!gone && !(refused && attempt.failed > 0)) throw thrown
      if (!(await this.#isOurs(attempt, key, identity))) throw thrown
    }
  }

  /**
   * Run a write; where it fails without the store having refused it, look once more whether the
   * object is there after all.
   */
  async #settled(
    { key, signal }: { key: string; signal: AbortSignal | undefined },
    identity: Identity,
    write: () => Promise<void>,
  ): Promise<void> {
    try {
      await write()
    } catch (error) {
      const { kind, again } = describeS3Failure(error)
      const open = again && kind !== 'Throttled' && identityIsKnown(identity)
      if (!open || signal?.aborted) throw error
      const timeoutMs = Math.min(LAST_LOOK_MS, this.#requests.timeoutMs / 4)
      const operation = { key, signal, timeoutMs }
      const ours = await this.#requests
        .run(operation, (attempt) => this.#isOurs(attempt, key, identity))
        .catch(() => false)
      if (!ours) throw error
    }
  }

  async #isOurs({ send }: S3Attempt, key: string, identity: Identity): Promise<boolean> {
    try {
      const found = await send(new this.#connection.sdk.HeadObjectCommand(this.#at(key)))
      return matches(found, identity)
    } catch (thrown) {
      if (describeS3Failure(thrown).kind === 'NotFound') return false
      throw thrown
    }
  }
}

function isReset({ code }: S3Failure): boolean {
  return code === 'ECONNRESET' || code === 'EPIPE'
}

function identityIsKnown({ writeId, tag }: Identity): boolean {
  return writeId !== undefined || tag !== undefined
}

function matches(found: HeadObjectCommandOutput, { writeId, tag }: Identity): boolean {
  if (writeId !== undefined) return found.Metadata?.[WRITE_ID] === writeId
  return tag !== undefined && found.ETag?.replaceAll('"', '').toLowerCase() === tag
}

function condition(ifAbsent: boolean): { IfNoneMatch?: string } {
  return ifAbsent ? { IfNoneMatch: '*' } : {}
}

function metadata(writeId: string | undefined): { Metadata?: Record<string, string> } {
  return writeId === undefined ? {} : { Metadata: { [WRITE_ID]: writeId } }
}

/** What S3 calls an object of these parts, where the tags of the parts are digests. */
function tagOfParts(tags: readonly string[]): string | undefined {
  const digests = tags.map((tag) => /^"?([0-9a-f]{32})"?(?:;|$)/i.exec(tag)?.[1])
  const hash = createHash('md5')
  for (const digest of digests) {
    if (digest === undefined) return undefined
    hash.update(Buffer.from(digest, 'hex'))
  }
  return `${hash.digest('hex')}-${tags.length}`
}
