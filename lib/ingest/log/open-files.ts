import { join } from 'node:path'
import { storageError } from '../../storage/index.js'
import { HEADER_BYTES, newHeader } from './file-header.js'
import { type FoundLog, findLog } from './find-files.js'
import { type KeptFile, KeptFiles } from './kept-files.js'
import { LogFile, logFileName } from './log-file.js'
import type { CheckedLogOptions } from './log-options.js'

/** What the log is written to at the moment. */
export interface ActiveFile {
  readonly file: LogFile
  readonly kept: KeptFile
}

/** The files of a log, made where there are none, cut where a crash left something unfinished. */
export async function openFiles(options: CheckedLogOptions): Promise<{
  active: ActiveFile
  files: KeptFiles
  tornBytes: number
  tornFile: string | undefined
  lastMessageId: bigint
}> {
  const { directory, channelName, after, logger } = options
  const found = await findLog(directory, channelName).catch((error: unknown) => {
    throw storageError(error, directory)
  })
  const { tornBytes, tornFile } = found
  if (tornFile !== undefined) {
    logger.warn({ tornBytes, tornFile }, 'cut what a crash left unfinished in the message log')
  }
  const lastMessageId = found.end?.lastMessageId ?? 0n
  if (lastMessageId < after) {
    const facts = { lastMessageId: String(lastMessageId), after: String(after) }
    logger.warn(facts, 'the message log ends before the last position that is known')
  }
  const files = new KeptFiles(directory, keptOf(found))
  const active = await activeOf(options, found, files)
  return { active, files, tornBytes, tornFile, lastMessageId }
}

/** What stands behind the last message that the next file knows of was taken back. */
function keptOf({ files, end }: FoundLog): KeptFile[] {
  return files.map(({ path, header, sizeBytes }, index) => {
    const next = files[index + 1]
    if (next === undefined) {
      return { path, header, lastMessageId: end!.lastMessageId, sizeBytes: end!.endOffset }
    }
    return { path, header, lastMessageId: next.header.previousMessageId, sizeBytes }
  })
}

/** The last file that was found; a new one where there is none, or where it ends too early. */
async function activeOf(
  options: CheckedLogOptions,
  { files: found, end }: FoundLog,
  files: KeptFiles,
): Promise<ActiveFile> {
  const last = found.at(-1)
  if (last !== undefined && end !== undefined) {
    const file = await LogFile.reopen(last.path, last.header, end.endOffset)
    if (end.lastMessageId >= options.after) return { file, kept: files.newest! }
    await file.close()
  }
  return beginFile(options, files, options.after + 1n)
}

/** A new file behind those that there are. */
export async function beginFile(
  { directory, channelName }: CheckedLogOptions,
  files: KeptFiles,
  firstMessageId: bigint,
): Promise<ActiveFile> {
  const before = files.newest
  const header = newHeader({
    channelName,
    firstMessageId,
    previousFile: before?.header.firstMessageId ?? 0n,
    previousMessageId: before?.lastMessageId ?? firstMessageId - 1n,
  })
  const path = join(directory, logFileName(firstMessageId))
  const file = await LogFile.create(path, header)
  const kept = { path, header, lastMessageId: firstMessageId - 1n, sizeBytes: HEADER_BYTES }
  files.push(kept)
  return { file, kept }
}
