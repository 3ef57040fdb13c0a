import type { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { GaugeReads } from './gauge-reads.js'
import {
  type CounterName,
  type GaugeName,
  type HistogramName,
  labelsOf,
  type MetricLabels,
  PIPELINE_METRICS,
  type PipelineMeter,
} from './pipeline-metrics.js'
import { SECONDS_BUCKETS } from './seconds-buckets.js'

/** A meter and the page that Prometheus reads. */
export interface PrometheusMeter extends PipelineMeter {
  /** Media type of {@link page}. */
  readonly contentType: string
  /** All metrics in Prometheus's text format. */
  page(): Promise<string>
}

/**
 * The pipeline's metrics for Prometheus, in a registry of their own. Names are Prometheus's:
 * `arrow_packed_ingest_rows_total`, `arrow_packed_log_sync_seconds`, `arrow_packed_buffer_bytes`.
 *
 * @param labels that go with every value: which worker it is, say.
 */
export async function prometheusMeter(
  labels: Readonly<Record<string, string>> = {},
): Promise<PrometheusMeter> {
  // Only where it is asked for: the package is not free to load.
  const client = await import('prom-client')
  const registry: Registry = new client.Registry()
  registry.setDefaultLabels(labels)
  const counters = new Map<CounterName, Counter>()
  const histograms = new Map<HistogramName, Histogram>()
  const reads = new GaugeReads()
  for (const [key, metric] of Object.entries(PIPELINE_METRICS)) {
    const { kind, help } = metric
    const described = { name: prometheusName(key, kind), help, registers: [registry] }
    if (kind === 'counter') {
      const labelNames = [...labelsOf(metric)]
      counters.set(key as CounterName, new client.Counter({ ...described, labelNames }))
    } else if (kind === 'histogram') {
      const histogram = new client.Histogram({ ...described, buckets: [...SECONDS_BUCKETS] })
      histograms.set(key as HistogramName, histogram)
    } else {
      const collect = function (this: Gauge): void {
        this.set(reads.total(key as GaugeName) ?? 0)
      }
      new client.Gauge({ ...described, collect })
    }
  }
  return {
    contentType: registry.contentType,
    page: () => registry.metrics(),
    // prom-client throws at what cannot be added, and at labels that it was not told of.
    add: (name, value, labels = {}) =>
      void (value > 0 && counters.get(name)?.inc(knownLabels(name, labels), value)),
    record: (name, value) => void (value >= 0 && histograms.get(name)?.observe(value)),
    observe: (name, read) => reads.add(name, read),
  }
}

function knownLabels(name: CounterName, labels: MetricLabels): MetricLabels {
  const known = labelsOf(PIPELINE_METRICS[name]).filter((label) => label in labels)
  return Object.fromEntries(known.map((label) => [label, labels[label]!]))
}

/** Counters end in `_total`, times in their unit; the other names have theirs in them. */
function prometheusName(key: string, kind: 'counter' | 'gauge' | 'histogram'): string {
  const suffix = { counter: '_total', histogram: '_seconds', gauge: '' }[kind]
  return `arrow_packed_${key.replaceAll('.', '_')}${suffix}`
}
