import { mkdir, open, readdir, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { PackedError } from '../../errors/index.js'
import { syncFolder } from '../../storage/index.js'
import { decodeHeader, type FileHeader, HEADER_BYTES, isUnfinishedHeader } from './file-header.js'
import { damagedLog } from './log-error.js'
import { firstMessageOf, logFileName } from './log-file.js'
import { type ScannedEnd, scanRecords } from './log-reader.js'

/** A file of a log, whose header was read. */
export interface FoundFile {
  readonly path: string
  readonly header: FileHeader
  readonly sizeBytes: number
}

/** What stands in the directory of a log. */
export interface FoundLog {
  /** In order; each follows the one before it. */
  readonly files: readonly FoundFile[]
  /** Where the last of them ends. */
  readonly end: ScannedEnd | undefined
  /** Bytes behind its last whole record, or of a file that was only begun, and where. */
  readonly tornBytes: number
  readonly tornFile: string | undefined
}

/** Make the directory and those above it, so that they are still there after a power loss. */
async function makeFolder(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true })
  if (first === undefined) return
  const top = dirname(resolve(first))
  for (let at = dirname(resolve(directory)); ; at = dirname(at)) {
    await syncFolder(at)
    if (at === top || at === dirname(at)) return
  }
}

/**
 * Look at the files of a log in a directory, which is made where there is none: at all headers, and at every record of the last file. A last file
 * that was only begun is removed.
 *
 * @throws PackedError FileCorrupted for a damaged header, a missing file, a damaged record with a
 *   whole one behind it; Conflict for the log of another channel.
 */
export async function findLog(directory: string, channelName: string): Promise<FoundLog> {
  await makeFolder(directory)
  const names = (await readdir(directory))
    .filter((name) => firstMessageOf(name) !== undefined)
    .sort()
  const files: FoundFile[] = []
  let torn: { bytes: number; path: string } | undefined
  for (const [index, name] of names.entries()) {
    const path = join(directory, name)
    const { start, sizeBytes } = await startOf(path)
    if (index === names.length - 1 && isBegun(start, sizeBytes, path)) {
      torn = { bytes: sizeBytes, path }
      await unlink(path)
      continue
    }
    const header = decodeHeader(start, path)
    expectPlace(path, header, channelName, files.at(-1))
    files.push({ path, header, sizeBytes })
  }
  const last = files.at(-1)
  if (last === undefined) return { files, end: undefined, ...tornOf(torn) }
  const end = await endOf(last)
  if (end.damage !== undefined) torn = { bytes: last.sizeBytes - end.endOffset, path: last.path }
  return { files, end, ...tornOf(torn) }
}

function tornOf(torn: { bytes: number; path: string } | undefined) {
  return { tornBytes: torn?.bytes ?? 0, tornFile: torn?.path }
}

async function startOf(path: string): Promise<{ start: Buffer; sizeBytes: number }> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const start = Buffer.alloc(Math.min(HEADER_BYTES, size))
    const { bytesRead } = await handle.read(start, 0, start.length, 0)
    return { start: start.subarray(0, bytesRead), sizeBytes: size }
  } finally {
    await handle.close()
  }
}

/** True for a file that a crash left before its header was whole. */
function isBegun(start: Buffer, sizeBytes: number, path: string): boolean {
  if (!isUnfinishedHeader(start, sizeBytes)) return false
  try {
    decodeHeader(start, path)
    return false
  } catch {
    return true
  }
}

function expectPlace(
  path: string,
  header: FileHeader,
  channelName: string,
  before: FoundFile | undefined,
): void {
  if (header.channelName !== channelName) {
    const received = `one of channel "${header.channelName}"`
    const message = `Expected a log of channel "${channelName}" but received ${received}`
    throw new PackedError('Conflict', `${message} ("${path}")`, { path })
  }
  if (!path.endsWith(logFileName(header.firstMessageId))) {
    throw damagedLog(path, 0, 'a file under its own name', logFileName(header.firstMessageId))
  }
  if (before !== undefined && header.previousFile !== before.header.firstMessageId) {
    const missing = logFileName(header.previousFile)
    throw damagedLog(path, 0, `a file behind "${before.path}"`, `one behind "${missing}"`)
  }
}

async function endOf(file: FoundFile): Promise<ScannedEnd> {
  const handle = await open(file.path, 'r')
  try {
    const end = await scanRecords(handle, file.header, file.sizeBytes)
    const { damage, lastMessageId, endOffset } = end
    if (damage?.recordBehind === undefined) return end
    const received = `${damage.received}, and a whole record at offset ${damage.recordBehind}`
    throw damagedLog(file.path, endOffset, `message ${lastMessageId + 1n}`, received)
  } finally {
    await handle.close()
  }
}
