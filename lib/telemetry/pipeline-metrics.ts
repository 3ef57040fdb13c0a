/** What the pipeline counts, measures and shows; unit as OpenTelemetry writes it. */
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
} as const satisfies Record<string, { kind: string; unit: string; help: string }>

type Metrics = typeof PIPELINE_METRICS
type NamesOf<Kind> = {
  [Name in keyof Metrics]: Metrics[Name]['kind'] extends Kind ? Name : never
}[keyof Metrics]

export type CounterName = NamesOf<'counter'>
export type HistogramName = NamesOf<'histogram'>
export type GaugeName = NamesOf<'gauge'>

/** Takes in what the pipeline counts and measures. Calls never throw and never wait. */
export interface PipelineMeter {
  /** Add to a counter. */
  add(name: CounterName, value: number): void
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
