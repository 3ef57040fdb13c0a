import type { EncodingType, ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3'
import type { ChunkEntry, ChunkOptions } from '../chunk-manager.js'
import type { OpenUpload, StoredPart } from '../object-store.js'
import type { S3Connection } from './client.js'
import type { S3Requests } from './requests.js'
import { storedPart } from './tags.js'

interface Store {
  connection: S3Connection
  requests: S3Requests
}

/** XML cannot hold every key; a store that does not know this answers with the keys as they are. */
const ENCODED = { EncodingType: 'url' } as const

/** Objects below a prefix, page by page. */
export async function* listObjects(
  { connection, requests }: Store,
  prefix: string,
  { signal, recursive = true }: ChunkOptions & { recursive?: boolean | undefined },
): AsyncGenerator<ChunkEntry, void, undefined> {
  const input = {
    Bucket: connection.bucket,
    Prefix: prefix,
    ...ENCODED,
    ...(recursive ? {} : { Delimiter: '/' }),
  }
  let token: string | undefined
  do {
    const command = new connection.sdk.ListObjectsV2Command({
      ...input,
      ...(token === undefined ? {} : { ContinuationToken: token }),
    })
    const page = await requests.run({ key: prefix, signal }, ({ send }) => send(command))
    for (const { Key, Size, LastModified } of page.Contents ?? []) {
      yield {
        path: decodeKey(Key, page.EncodingType),
        sizeBytes: Size ?? 0,
        modifiedMs: LastModified?.getTime() ?? 0,
      }
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined
  } while (token !== undefined)
}

/** Uploads that were neither completed nor aborted, page by page. */
export async function* listUploads(
  { connection, requests }: Store,
  prefix: string,
  { signal }: ChunkOptions,
): AsyncGenerator<OpenUpload, void, undefined> {
  const input = { Bucket: connection.bucket, Prefix: prefix, ...ENCODED }
  let after: { KeyMarker?: string; UploadIdMarker?: string } = {}
  for (;;) {
    const command = new connection.sdk.ListMultipartUploadsCommand({ ...input, ...after })
    const page: ListMultipartUploadsCommandOutput = await requests.run(
      { key: prefix, signal },
      ({ send }) => send(command),
    )
    for (const { Key, UploadId = '', Initiated } of page.Uploads ?? []) {
      const key = decodeKey(Key, page.EncodingType)
      yield { key, upload: UploadId, startedMs: Initiated?.getTime() ?? 0 }
    }
    if (!page.IsTruncated) return
    const { NextUploadIdMarker } = page
    after = {
      KeyMarker: decodeKey(page.NextKeyMarker, page.EncodingType),
      ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }),
    }
  }
}

/** Parts of an upload in their order. */
export async function* listParts(
  { connection, requests }: Store,
  { key, upload }: { key: string; upload: string },
  { signal }: ChunkOptions,
): AsyncGenerator<StoredPart, void, undefined> {
  const input = { Bucket: connection.bucket, Key: key, UploadId: upload }
  let marker: string | undefined
  do {
    const command = new connection.sdk.ListPartsCommand({
      ...input,
      ...(marker === undefined ? {} : { PartNumberMarker: marker }),
    })
    const page = await requests.run({ key, signal }, ({ send }) => send(command))
    for (const part of page.Parts ?? []) yield storedPart(part)
    marker = page.IsTruncated ? page.NextPartNumberMarker : undefined
  } while (marker !== undefined)
}

/** A key of an answer; `+` stands for a space there, as in forms. */
function decodeKey(key = '', encoding: EncodingType | undefined): string {
  return encoding === 'url' ? decodeURIComponent(key.replaceAll('+', ' ')) : key
}
