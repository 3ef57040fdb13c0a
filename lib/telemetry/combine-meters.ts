import type { PipelineMeter } from './pipeline-metrics.js'

/**
 * One meter that hands on to several.
 *
 * @example
 * const meter = combineMeters(await otelMeter(), await prometheusMeter())
 */
export function combineMeters(...meters: readonly PipelineMeter[]): PipelineMeter {
  return {
    add(name, value, labels) {
      for (const meter of meters) meter.add(name, value, labels)
    },
    record(name, value) {
      for (const meter of meters) meter.record(name, value)
    },
    observe(name, read) {
      const stops = meters.map((meter) => meter.observe(name, read))
      return () => {
        for (const stop of stops) stop()
      }
    },
  }
}
