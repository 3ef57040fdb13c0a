import type { CompletedPart, Part } from '@aws-sdk/client-s3'
import type { StoredPart } from '../object-store.js'

/** A store that was told of checksums wants them again, beside the tags, to complete an upload. */
interface PartAnswer {
  ETag?: string | undefined
  ChecksumCRC32?: string | undefined
}

/** The tag of a part: `"etag"`, or `"etag";crc32`. */
export function tagOf({ ETag = '', ChecksumCRC32 }: PartAnswer): string {
  return ChecksumCRC32 === undefined ? ETag : `${ETag};${ChecksumCRC32}`
}

/** Tags in their order, as parts of a request to complete. */
export function completedParts(tags: readonly string[]): CompletedPart[] {
  return tags.map((tag, index) => {
    const [ETag, ChecksumCRC32] = tag.split(';')
    const part = { PartNumber: index + 1, ETag }
    return ChecksumCRC32 === undefined ? part : { ...part, ChecksumCRC32 }
  })
}

/** A part of a listing. */
export function storedPart(part: Part): StoredPart {
  const md5 = /^"?([0-9a-f]{32})"?$/i.exec(part.ETag ?? '')?.[1]
  return {
    number: part.PartNumber ?? 0,
    sizeBytes: part.Size ?? 0,
    tag: tagOf(part),
    ...(part.ChecksumCRC32 === undefined ? {} : { crc32: part.ChecksumCRC32 }),
    ...(part.ChecksumCRC32C === undefined ? {} : { crc32c: part.ChecksumCRC32C }),
    ...(md5 === undefined ? {} : { md5: md5.toLowerCase() }),
  }
}
