import type { HeadObjectCommandOutput } from '@aws-sdk/client-s3'
import { isPackedError, PackedError } from '../../errors/index.js'
import type { ChunkOptions } from '../chunk-manager.js'
import type { S3Connection } from './client.js'
import type { S3Requests } from './requests.js'

/**
 * Describes objects of one bucket.
 *
 * The answer to HEAD has no text. A bucket that nobody has seen yet may be what is missing, and a
 * refusal may be of a key, a secret or a token that has expired: another request tells.
 */
export class S3Head {
  readonly #connection: S3Connection
  readonly #requests: S3Requests
  #bucketSeen = false

  constructor(connection: S3Connection, requests: S3Requests) {
    this.#connection = connection
    this.#requests = requests
  }

  /** @throws PackedError NotFound of the object or the bucket. */
  async of(key: string, { signal }: ChunkOptions): Promise<HeadObjectCommandOutput> {
    const { sdk, bucket } = this.#connection
    try {
      return await this.#requests.run({ key, signal }, ({ send }) =>
        send(new sdk.HeadObjectCommand({ Bucket: bucket, Key: key })),
      )
    } catch (error) {
      const code = isPackedError(error) ? error.code : undefined
      if (code === 'NotFound') await this.#expectBucket(key, { signal })
      if (code === 'InvalidArgument' || code === 'PermissionDenied') {
        await this.#expectByte(key, { signal })
      }
      throw error
    }
  }

  /** The first byte instead: what is refused then has a text. */
  async #expectByte(key: string, { signal }: ChunkOptions): Promise<void> {
    const { sdk, bucket } = this.#connection
    const input = { Bucket: bucket, Key: key, Range: 'bytes=0-0' }
    await this.#requests.run({ key, signal }, async ({ send }) => {
      const answer = await send(new sdk.GetObjectCommand(input))
      await answer.Body?.transformToByteArray()
    })
  }

  async #expectBucket(key: string, { signal }: ChunkOptions): Promise<void> {
    if (this.#bucketSeen) return
    const { sdk, bucket, name } = this.#connection
    try {
      await this.#requests.run({ key, signal }, ({ send }) =>
        send(new sdk.HeadBucketCommand({ Bucket: bucket })),
      )
      this.#bucketSeen = true
    } catch (error) {
      if (!isPackedError(error) || error.code !== 'NotFound') return
      throw new PackedError(
        'NotFound',
        `Expected a bucket "${bucket}" at ${name} for "${key}" but received none`,
        { path: key, cause: error.cause },
      )
    }
  }
}
