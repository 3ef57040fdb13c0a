import { PackedError } from '../../errors/index.js'
import { mapBounded } from '../map-bounded.js'
import type { UploadOptions } from '../uploader.js'
import type { S3Connection } from './client.js'
import type { S3Head } from './head.js'
import type { S3Requests } from './requests.js'
import { tagOf } from './tags.js'
import type { S3Writes } from './writes.js'

/** The store copies in silence: so much in one request stays below its time-out. */
const PIECE_BYTES = 512 * 1024 * 1024
const MOST_PIECES = 10_000
const PIECES_AT_ONCE = 4

/** What a copy needs of a store. */
export interface S3Copier {
  connection: S3Connection
  requests: S3Requests
  head: S3Head
  writes: S3Writes
  /** Bytes of one piece, where a test cannot afford the default. */
  pieceBytes?: number
}

/**
 * Copy an object within the bucket, large ones in pieces.
 *
 * @throws PackedError NotFound of `from`; AlreadyExists, FileChanged.
 */
export async function copyObject(
  store: S3Copier,
  from: string,
  to: string,
  options: UploadOptions,
): Promise<void> {
  const { connection, requests, pieceBytes = PIECE_BYTES } = store
  const { signal, ifAbsent = false } = options
  const Bucket = connection.bucket
  const found = await store.head.of(from, { signal })
  const sizeBytes = found.ContentLength ?? 0
  const source = {
    CopySource: `${Bucket}/${from.split('/').map(encodeURIComponent).join('/')}`,
    ...(found.ETag === undefined ? {} : { CopySourceIfMatch: found.ETag }),
  }
  // The condition holds for uploads in parts everywhere, for plain copies nearly nowhere.
  if (sizeBytes > pieceBytes || (ifAbsent && sizeBytes > 0)) {
    await copyPieces(store, { source, sizeBytes, from, to }, options)
    return
  }
  if (ifAbsent) {
    await store.writes.put(to, new Uint8Array(), options)
    return
  }
  await requests
    .run({ key: to, signal }, ({ send }) =>
      send(new connection.sdk.CopyObjectCommand({ Bucket, Key: to, ...source })),
    )
    .catch((error: unknown) => {
      throw changed(error, from)
    })
}

interface Copy {
  source: { CopySource: string; CopySourceIfMatch?: string }
  sizeBytes: number
  from: string
  to: string
}

async function copyPieces(store: S3Copier, copy: Copy, options: UploadOptions): Promise<void> {
  const { connection, requests, writes, pieceBytes = PIECE_BYTES } = store
  const { sizeBytes, to } = copy
  const { signal } = options
  const step = Math.max(pieceBytes, Math.ceil(sizeBytes / MOST_PIECES))
  const numbers = Array.from({ length: Math.ceil(sizeBytes / step) }, (_, index) => index + 1)
  const upload = await writes.create(to, options)
  try {
    const tags = await mapBounded(numbers, PIECES_AT_ONCE, async (number) => {
      const first = (number - 1) * step
      const answer = await requests.run({ key: to, signal }, ({ send }) =>
        send(
          new connection.sdk.UploadPartCopyCommand({
            Bucket: connection.bucket,
            Key: to,
            UploadId: upload,
            PartNumber: number,
            CopySourceRange: `bytes=${first}-${Math.min(first + step, sizeBytes) - 1}`,
            ...copy.source,
          }),
        ),
      )
      return tagOf(answer.CopyPartResult ?? {})
    })
    await writes.complete(to, upload, tags, options)
  } catch (error) {
    await writes.abort(to, upload).catch(() => {})
    throw changed(error, copy.from)
  }
}

/** A source that no longer is what was looked at. */
function changed(error: unknown, from: string): unknown {
  if ((error as { code?: string }).code !== 'PreconditionFailed') return error
  return new PackedError(
    'FileChanged',
    `Expected "${from}" to stay the same while it is copied but received another object`,
    { path: from, cause: error },
  )
}
