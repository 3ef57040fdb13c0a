import { appendFile, open } from 'node:fs/promises'
import { PackedError } from '../errors/index.js'
import { errnoOf } from '../storage/index.js'

const MAGIC = 0xbeefc0de
/** Where LMDB has it in a meta page: behind the page's header, which is 16 or 24 bytes long. */
const MAGIC_PLACES = [24, 16]
/** From the magic number on. */
const PAGE_BYTES_AT = 24
const LAST_PAGE_AT = 120
const TRANSACTION_AT = 128
const META_BYTES = 24 + 136
/** More than a transaction leaves unwritten. */
const MOST_MISSING_BYTES = 64 << 20

interface MetaPage {
  pageBytes: number
  lastPage: bigint
  transaction: bigint
}

/**
 * Make sure that LMDB can open a database file and look at all of its pages.
 *
 * It ends the process over a file that is none of its own. And as it maps the file, so does the
 * first look at a page behind the end of one that was cut: where pages are missing, zeros are
 * added, which LMDB takes for damage when it gets to see them. (Missing pages are no proof of
 * damage: free ones are not always written. What is appended is never in the way of a process that
 * writes at the same time.)
 *
 * @throws PackedError MetadataCorrupted; what the file system throws.
 */
export async function prepareDatabaseFile(file: string): Promise<void> {
  const found = await metaPages(file)
  if (found === undefined) return
  const newest = found.pages.reduce((one, other) =>
    one.transaction > other.transaction ? one : other,
  )
  const missing = (Number(newest.lastPage) + 1) * newest.pageBytes - found.sizeBytes
  if (missing <= 0) return
  if (missing > MOST_MISSING_BYTES) throw damaged(file, `one that lacks ${missing} bytes`)
  await appendFile(file, Buffer.alloc(missing))
}

/** Undefined for a file that is not there, or empty: LMDB makes it. */
async function metaPages(
  file: string,
): Promise<{ pages: MetaPage[]; sizeBytes: number } | undefined> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return undefined
  try {
    const { size: sizeBytes } = await handle.stat()
    if (sizeBytes === 0) return undefined
    const read = async (position: number): Promise<MetaPage> => {
      const page = Buffer.alloc(META_BYTES)
      await handle.read(page, 0, META_BYTES, position)
      return metaPageOf(file, page)
    }
    const first = await read(0)
    return { pages: [first, await read(first.pageBytes)], sizeBytes }
  } finally {
    await handle.close()
  }
}

function metaPageOf(file: string, page: Buffer): MetaPage {
  const at = MAGIC_PLACES.find((place) => page.readUInt32LE(place) === MAGIC)
  if (at === undefined) throw damaged(file, 'another kind of file')
  return {
    pageBytes: page.readUInt32LE(at + PAGE_BYTES_AT),
    lastPage: page.readBigUInt64LE(at + LAST_PAGE_AT),
    transaction: page.readBigUInt64LE(at + TRANSACTION_AT),
  }
}

function damaged(file: string, received: string): PackedError {
  const message = `Expected a metadata store for "${file}" but received ${received}`
  return new PackedError('MetadataCorrupted', message, { path: file })
}
