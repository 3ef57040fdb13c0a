import type { _Error } from '@aws-sdk/client-s3'
import { PackedError } from '../../errors/index.js'
import type { ChunkOptions } from '../chunk-manager.js'
import type { S3Connection } from './client.js'
import { describeS3Failure } from './failure.js'
import type { S3Requests } from './requests.js'

/** Most that S3 takes in one request. */
const MOST_KEYS = 1000

/**
 * Remove objects, a thousand with each request; what a request leaves for a passing reason is
 * asked for again.
 *
 * @throws PackedError of the first key that is left, with the number of all that are.
 */
export async function removeObjects(
  { connection, requests }: { connection: S3Connection; requests: S3Requests },
  keys: readonly string[],
  { signal }: ChunkOptions,
): Promise<void> {
  const left: _Error[] = []
  for (let from = 0; from < keys.length; from += MOST_KEYS) {
    let batch = keys.slice(from, from + MOST_KEYS)
    const refused = await requests.run({ key: batch[0]!, signal }, async ({ send }) => {
      const answer = await send(
        new connection.sdk.DeleteObjectsCommand({
          Bucket: connection.bucket,
          Delete: { Objects: batch.map((Key) => ({ Key })), Quiet: true },
          ...(connection.md5 ? { ChecksumAlgorithm: 'MD5' } : {}),
        }),
      )
      const errors = (answer.Errors ?? []).filter(({ Code }) => Code !== 'NoSuchKey')
      const passing = errors.filter((error) => describeS3Failure(thrownOf(error)).again)
      if (passing.length === 0) return errors
      left.push(...errors.filter((error) => !passing.includes(error)))
      batch = passing.map(({ Key = '' }) => Key)
      throw thrownOf(passing[0]!)
    })
    left.push(...refused)
  }
  if (left[0] !== undefined) throw leftError(requests, left)
}

/** The entry of an answer, as the SDK throws what a whole request fails with. */
function thrownOf({ Code = 'UnknownError', Message = '' }: _Error): Error {
  return Object.assign(new Error(Message), { name: Code, $metadata: { httpStatusCode: 500 } })
}

function leftError(requests: S3Requests, left: readonly _Error[]): unknown {
  const [first] = left
  const key = first?.Key ?? ''
  const error = requests.error(thrownOf(first!), { key }) as PackedError
  if (left.length === 1) return error
  return new PackedError(error.code, `${error.message}, and ${left.length - 1} more keys`, {
    path: key,
    cause: error.cause,
  })
}
