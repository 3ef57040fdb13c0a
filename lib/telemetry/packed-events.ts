import { channel } from 'node:diagnostics_channel'
import { debuglog } from 'node:util'

/** What writers and readers of packed files publish, on the diagnostics channel `arrow-packed:<name>`. */
export interface PackedEvents {
  /** A writer has been opened. */
  'writer.open': { paths: readonly string[]; durationMs: number }
  /** One `write` is done: the rows and Arrow bytes it added, and row groups that it closed. */
  'writer.write': {
    paths: readonly string[]
    rows: number
    bytes: number
    rowGroups: number
    durationMs: number
  }
  /** The files are published, so many bytes of them. */
  'writer.finish': {
    paths: readonly string[]
    rows: number
    fileBytes: number
    rowGroups: number
    durationMs: number
  }
  /** A writer ended and published nothing: by a failure, or closed before it was finished. */
  'writer.abort': { paths: readonly string[]; error: unknown }
  /** A reader has been opened; without paths it reads what is in memory. */
  'reader.open': { paths: readonly string[]; rows: number; durationMs: number }
  /**
   * Rows were read, of so many Arrow bytes: the next batch of a stream, a whole row group, or rows
   * by their positions (of segments as well, file by file).
   */
  'reader.read': {
    call: 'readNext' | 'readRowGroup' | 'take'
    paths: readonly string[]
    rows: number
    bytes: number
    durationMs: number
  }
  /** The files of a reader are closed: at the end of its rows, or by `close`. */
  'reader.close': { paths: readonly string[] }
  /** A read failed. */
  'reader.fail': { paths: readonly string[]; error: unknown }
  /** One attempt of a request to an object store by this side of the library has ended. */
  'storage.request': { filesystem: string; durationMs: number; failed: boolean; retry: boolean }
}

/** Name of an event of writers and readers. */
export type PackedEventName = keyof PackedEvents

/** Every name of an event. */
export const PACKED_EVENTS = [
  'writer.open',
  'writer.write',
  'writer.finish',
  'writer.abort',
  'reader.open',
  'reader.read',
  'reader.close',
  'reader.fail',
  'storage.request',
] as const satisfies readonly PackedEventName[]

const channels = new Map(PACKED_EVENTS.map((name) => [name, channel(`arrow-packed:${name}`)]))
/** Lines on stderr with `NODE_DEBUG=packed`. */
const debug = debuglog('packed')

/** Whether anybody wants to know: measuring what nobody hears is a waste. */
function isObserved(name: PackedEventName): boolean {
  return channels.get(name)!.hasSubscribers || debug.enabled
}

/** The clock, where somebody wants to know how long until `name`; 0 where nobody does. */
export function startOf(name: PackedEventName): number {
  return isObserved(name) ? performance.now() : 0
}

/** Milliseconds since `begun`; 0 where nobody had listened by then. */
export function sinceMs(begun: number): number {
  return begun === 0 ? 0 : performance.now() - begun
}

/** Publish an event, subscribers run before this returns; `detail` is only made for them. */
export function publishEvent<Name extends PackedEventName>(
  name: Name,
  detail: () => PackedEvents[Name],
): void {
  const at = channels.get(name)!
  if (!at.hasSubscribers && !debug.enabled) return
  const event = { event: name, ...detail() }
  if (debug.enabled) debug('%s %s', name, lineOf(event))
  if (at.hasSubscribers) at.publish(event)
}

function lineOf({ event, ...fields }: { event: string } & Record<string, unknown>): string {
  return Object.entries(fields)
    .map(([key, value]) => {
      if (value instanceof Error) return `${key}=${JSON.stringify(value.message)}`
      if (typeof value === 'number') return `${key}=${Math.round(value * 1000) / 1000}`
      return `${key}=${Array.isArray(value) ? value.join(',') : String(value)}`
    })
    .join(' ')
}
