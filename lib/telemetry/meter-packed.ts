import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { PACKED_EVENTS, type PackedEventName, type PackedEvents } from './packed-events.js'
import type { PipelineMeter } from './pipeline-metrics.js'

type Listeners = { [Name in PackedEventName]?: (event: PackedEvents[Name]) => void }

/**
 * Count what writers and readers of this thread do, until the result is called. One call for each
 * meter: several meters are one by `combineMeters`.
 *
 * @example
 * const stop = meterPacked(await otelMeter())
 */
export function meterPacked(meter: PipelineMeter): () => void {
  const seconds = (milliseconds: number): number => milliseconds / 1000
  const listeners: Listeners = {
    'writer.write': ({ rows, bytes, durationMs }) => {
      meter.add('packed.rows_written', rows)
      meter.add('packed.bytes_written', bytes)
      meter.record('packed.write', seconds(durationMs))
    },
    'writer.finish': ({ paths, fileBytes, durationMs }) => {
      meter.add('packed.files', paths.length)
      meter.add('packed.file_bytes', fileBytes)
      meter.record('packed.finish', seconds(durationMs))
    },
    'writer.abort': () => meter.add('packed.aborts', 1),
    'reader.open': ({ durationMs }) => meter.record('packed.open', seconds(durationMs)),
    'reader.read': ({ rows, bytes, durationMs }) => {
      meter.add('packed.rows_read', rows)
      meter.add('packed.bytes_read', bytes)
      meter.record('packed.read', seconds(durationMs))
    },
    'reader.fail': () => meter.add('packed.read_failures', 1),
    'storage.request': ({ durationMs, failed }) => {
      meter.add('storage.requests', 1)
      if (failed) meter.add('storage.failures', 1)
      meter.record('storage.request', seconds(durationMs))
    },
  }
  const pairs = PACKED_EVENTS.flatMap((name) => {
    const listener = listeners[name] as ((event: unknown) => void) | undefined
    return listener === undefined ? [] : [{ name: `arrow-packed:${name}`, listener }]
  })
  for (const { name, listener } of pairs) subscribe(name, listener)
  return () => {
    for (const { name, listener } of pairs) unsubscribe(name, listener)
  }
}
