import type { Attributes, Meter } from '@opentelemetry/api'
import { PackedError } from '../errors/index.js'
import { GaugeReads } from './gauge-reads.js'
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  PIPELINE_METRICS,
  type PipelineMeter,
} from './pipeline-metrics.js'
import { SECONDS_BUCKETS } from './seconds-buckets.js'

/**
 * The pipeline's metrics as instruments of OpenTelemetry, `arrow_packed.<name>`. Without an SDK in
 * the process they cost next to nothing and go nowhere; register the SDK before this is called.
 *
 * @param attributes that go with every value: which worker it is, say.
 * @param meter where instruments are made; by default of the global provider, `arrow-packed`.
 */
export async function otelMeter(
  attributes: Attributes = {},
  meter?: Meter,
): Promise<PipelineMeter> {
  // Only where it is asked for: the package is not free to load.
  const { metrics } = await import('@opentelemetry/api')
  if (meter !== undefined && typeof meter?.createCounter !== 'function') {
    throw new PackedError(
      'InvalidArgument',
      `Expected a meter for meter but received ${typeof meter}`,
    )
  }
  return instrumentsOf(meter ?? metrics.getMeter('arrow-packed'), attributes)
}

/** Every instrument is made now: exporters then show metrics at 0 instead of leaving them out. */
function instrumentsOf(meter: Meter, attributes: Attributes): PipelineMeter {
  const counters = new Map<CounterName, ReturnType<Meter['createCounter']>>()
  const histograms = new Map<HistogramName, ReturnType<Meter['createHistogram']>>()
  const reads = new GaugeReads()
  for (const [key, { kind, unit, help: description }] of Object.entries(PIPELINE_METRICS)) {
    const name = `arrow_packed.${key}`
    if (kind === 'counter') {
      counters.set(key as CounterName, meter.createCounter(name, { unit, description }))
    } else if (kind === 'histogram') {
      const advice = { explicitBucketBoundaries: [...SECONDS_BUCKETS] }
      const histogram = meter.createHistogram(name, { unit, description, advice })
      histograms.set(key as HistogramName, histogram)
    } else {
      const gauge = meter.createObservableGauge(name, { unit, description })
      gauge.addCallback((result) => {
        const total = reads.total(key as GaugeName)
        if (total !== undefined) result.observe(total, attributes)
      })
    }
  }
  return {
    add: (name, value, labels) => counters.get(name)?.add(value, { ...attributes, ...labels }),
    record: (name, value) => histograms.get(name)?.record(value, attributes),
    observe: (name, read) => reads.add(name, read),
  }
}
