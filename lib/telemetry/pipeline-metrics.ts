/** What counters of compression are told apart by. */
const KIND = ['source', 'codec', 'type', 'way'] as const

/**
 * What the pipeline counts, measures and shows; unit as OpenTelemetry writes it. A counter with
 * `labels` is one for each combination of their values that occurs.
 */
export const PIPELINE_METRICS = {
  'ingest.rows': { kind: 'counter', unit: '{row}', help: 'Rows accepted' },
  'ingest.bytes': { kind: 'counter', unit: 'By', help: 'Arrow bytes of the rows accepted' },
  'ingest.deletes': { kind: 'counter', unit: '{row}', help: 'Deletes accepted' },
  'ingest.repeats': { kind: 'counter', unit: '{message}', help: 'Repeated messages dropped' },
  'ingest.poison': { kind: 'counter', unit: '{row}', help: 'Rows that were refused' },
  'ingest.wait': { kind: 'histogram', unit: 's', help: 'Time a message waited for memory' },
  'log.append': { kind: 'histogram', unit: 's', help: 'Time until a message was accepted' },
  'log.sync': { kind: 'histogram', unit: 's', help: 'Time of an fsync of the log' },
  'log.bytes': { kind: 'counter', unit: 'By', help: 'Bytes appended to the log' },
  'buffer.bytes': { kind: 'gauge', unit: 'By', help: 'Bytes in write buffers' },
  'buffer.backlog': { kind: 'gauge', unit: '{message}', help: 'Messages not yet in segments' },
  'sync.prepare': { kind: 'histogram', unit: 's', help: 'Time of writing the files of a sync' },
  'sync.commit': { kind: 'histogram', unit: 's', help: 'Time of saving the metadata of a sync' },
  'sync.tasks': { kind: 'gauge', unit: '{task}', help: 'Syncs that wait or run' },
  'sync.failures': { kind: 'counter', unit: '{task}', help: 'Attempts of a sync that failed' },
  'sync.bytes': { kind: 'counter', unit: 'By', help: 'Bytes of the files that syncs wrote' },
  'meta.transaction': { kind: 'histogram', unit: 's', help: 'Time of a metadata transaction' },
  'segments.flushed': { kind: 'counter', unit: '{segment}', help: 'Segments flushed' },
  'packed.rows_written': { kind: 'counter', unit: '{row}', help: 'Rows that writers took' },
  'packed.bytes_written': { kind: 'counter', unit: 'By', help: 'Arrow bytes of these rows' },
  'packed.write': { kind: 'histogram', unit: 's', help: 'Time of one write' },
  'packed.files': { kind: 'counter', unit: '{file}', help: 'Files published' },
  'packed.file_bytes': { kind: 'counter', unit: 'By', help: 'Bytes of the files published' },
  'packed.finish': { kind: 'histogram', unit: 's', help: 'Time of publishing what a writer has' },
  'packed.aborts': { kind: 'counter', unit: '{writer}', help: 'Writers that published nothing' },
  'packed.open': { kind: 'histogram', unit: 's', help: 'Time of opening a reader' },
  'packed.read': { kind: 'histogram', unit: 's', help: 'Time of reading a batch' },
  'packed.rows_read': { kind: 'counter', unit: '{row}', help: 'Rows that readers gave' },
  'packed.bytes_read': { kind: 'counter', unit: 'By', help: 'Arrow bytes of these rows' },
  'packed.read_failures': { kind: 'counter', unit: '{call}', help: 'Reads that failed' },
  'storage.requests': { kind: 'counter', unit: '{request}', help: 'Attempts of requests' },
  'storage.failures': { kind: 'counter', unit: '{request}', help: 'Attempts that failed' },
  'storage.request': { kind: 'histogram', unit: 's', help: 'Time of an attempt' },
  'compression.calls': {
    kind: 'counter',
    unit: '{call}',
    help: 'Pages, chunks and buffers compressed or decompressed',
    labels: KIND,
  },
  'compression.original_bytes': {
    kind: 'counter',
    unit: 'By',
    help: 'Bytes before compression, both ways',
    labels: KIND,
  },
  'compression.compressed_bytes': {
    kind: 'counter',
    unit: 'By',
    help: 'Bytes after compression, both ways',
    labels: KIND,
  },
  'compression.seconds': {
    kind: 'counter',
    unit: 's',
    help: 'Time of compressing and decompressing, summed over threads',
    labels: KIND,
  },
} as const satisfies Record<
  string,
  { kind: string; unit: string; help: string; labels?: readonly string[] }
>

type Metrics = typeof PIPELINE_METRICS
type NamesOf<Kind> = {
  [Name in keyof Metrics]: Metrics[Name]['kind'] extends Kind ? Name : never
}[keyof Metrics]

/** Names of {@link PIPELINE_METRICS} that only grow. */
export type CounterName = NamesOf<'counter'>
/** Names of {@link PIPELINE_METRICS} that are distributions. */
export type HistogramName = NamesOf<'histogram'>
/** Names of {@link PIPELINE_METRICS} that go up and down. */
export type GaugeName = NamesOf<'gauge'>
/** Values of a counter's labels, by their names. */
export type MetricLabels = Readonly<Record<string, string>>

/** Names of the labels of a metric; none for most. */
export function labelsOf(metric: Metrics[keyof Metrics]): readonly string[] {
  return 'labels' in metric ? metric.labels : []
}

/** Takes in what the pipeline counts and measures. Calls never throw and never wait. */
export interface PipelineMeter {
  /** Add to a counter, of these labels where it has any. */
  add(name: CounterName, value: number, labels?: MetricLabels): void
  /** One measurement, in the metric's unit (seconds). */
  record(name: HistogramName, value: number): void
  /** Ask `read` for a gauge's value whenever it is looked at, until the result is called. */
  observe(name: GaugeName, read: () => number): () => void
}

/** Takes nothing in. */
export const UNMETERED: PipelineMeter = {
  add: () => {},
  record: () => {},
  observe: () => () => {},
}
