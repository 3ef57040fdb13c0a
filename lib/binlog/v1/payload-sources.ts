import { PackedError } from '../../errors/index.js'
import type { PayloadSource } from '../../packed/index.js'
import type { ChunkManager } from '../../storage/index.js'
import { EventType } from './event-header.js'
import type { BinlogEvent, BinlogFile, BinlogPayload } from './read-binlog.js'

/**
 * The payload of an event in the form that the core reads: where it is, or, where the core cannot
 * go, its bytes.
 */
export async function payloadSource(
  chunks: ChunkManager,
  path: string,
  payload: BinlogPayload,
  signal: AbortSignal | undefined,
): Promise<PayloadSource> {
  const { bytes, offset, length } = payload
  if (bytes !== undefined) return { path, bytes: bytes.subarray(offset, offset + length) }
  if (chunks.storage !== undefined) return { path, offset, length }
  return { path, bytes: await chunks.readAt(path, offset, length, { signal }) }
}

/** The events of a log that may hold one type of events only, and has at least one. */
export function eventsOfType(
  { events }: BinlogFile,
  type: EventType,
  path: string,
): readonly BinlogEvent[] {
  const stranger = events.find((event) => event.type !== type)
  if (events.length > 0 && stranger === undefined) return events
  const expected = type === EventType.Insert ? 'insert' : 'delete'
  throw new PackedError(
    'FileCorrupted',
    `Expected ${expected} events (type ${type}) for "${path}" but received ` +
      (stranger === undefined ? 'a binlog without events' : `type ${stranger.type}`),
    { path },
  )
}
