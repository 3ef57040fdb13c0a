import { open } from 'node:fs/promises'
import { storageError } from '../../storage/index.js'
import type { Breather } from '../breather.js'
import type { LoggedMessage } from '../message.js'
import { decodeMessage } from './decode-message.js'
import { HEADER_BYTES } from './file-header.js'
import type { KeptFile } from './kept-files.js'
import { damagedLog } from './log-error.js'
import { LogReader } from './log-reader.js'

/** Which messages, and how they are read. */
export interface ReadRange {
  readonly after: bigint
  readonly upTo: bigint
  readonly signal: AbortSignal | undefined
  readonly breather: Breather
}

/**
 * The messages of one file within a range; each has memory of its own.
 *
 * @throws PackedError FileCorrupted naming file and offset where one is damaged or missing.
 */
export async function* messagesOf(
  { path, header, lastMessageId, sizeBytes }: KeptFile,
  { after, upTo, signal, breather }: ReadRange,
): AsyncGenerator<LoggedMessage, void, undefined> {
  const last = lastMessageId < upTo ? lastMessageId : upTo
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw storageError(error, path)
  })
  try {
    const reader = new LogReader(handle, header, sizeBytes)
    let offset = HEADER_BYTES
    for (let messageId = header.firstMessageId; messageId <= last; messageId += 1n) {
      signal?.throwIfAborted()
      const isWanted = messageId > after
      const record = isWanted
        ? await reader.read(offset, messageId)
        : await reader.find(offset, messageId)
      if (record.kind === 'damaged') {
        throw damagedLog(path, offset, `message ${messageId}`, record.received)
      }
      offset = record.nextOffset
      await breather.pause()
      if (record.kind !== 'whole') continue
      const message = await decodeMessage(record.body, record.frame.headBytes, breather)
      const position = { channelName: header.channelName, messageId, timestamp: message.timestamp }
      yield { message, position }
    }
  } finally {
    await handle.close()
  }
}
