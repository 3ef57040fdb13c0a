import { expectObject, unexpected } from '../../config/index.js'
import { isPackedError } from '../../errors/index.js'
import { batchPackets } from './batch-packets.js'
import { IngestCounts } from './ingest-counts.js'
import {
  type IngestInput,
  type IngestOptions,
  type IngestSettings,
  type IngestSummary,
  type IngestTarget,
  resolveIngestOptions,
} from './ingest-options.js'
import { inputFormat } from './input-format.js'
import type { InputPlace } from './input-place.js'
import { mapToCollection } from './map-collection.js'
import { mapRows } from './map-rows.js'
import { type BatchInput, openSource } from './open-source.js'
import type { Packet } from './packet.js'
import { PoisonRows } from './poison-rows.js'
import type { RowInput } from './row-input.js'
import { ROW_ERRORS, rowPackets } from './row-packets.js'
import { sourceOf } from './source-name.js'

/**
 * Read inputs, one after the other, into a worker.
 *
 * Every input goes on behind the last message that the worker has accepted of it: a run that was
 * killed is simply run again. While a message is being accepted the next one is read; there is one
 * message of a source at a time on its way to the worker, since one that failed could not be sent
 * again behind a later one that was accepted.
 *
 * With `onError: 'skip'` or a file, bad rows are left out and counted; a file that cannot be read
 * on at all (damaged Parquet, a quote of CSV that is never closed) ends the run in any case.
 *
 * @returns also when it was aborted, with what was accepted until then; the rows are in the
 *   worker's log, and `worker.flush()` brings them into segments.
 * @throws PackedError InvalidArgument, InvalidSchema (columns that do not match the collection),
 *   InvalidData, TypeMismatch (a bad row), FileChanged (an input that is shorter than what was read
 *   of it), and what reading and the worker throw.
 *
 * @example
 * const summary = await runIngest(worker, ['a.ndjson', 'b.parquet'], { onError: 'skip' })
 */
export async function runIngest(
  worker: IngestTarget,
  inputs: Iterable<IngestInput | string> | AsyncIterable<IngestInput | string>,
  options: IngestOptions = {},
): Promise<IngestSummary> {
  expectObject(worker, 'worker')
  if (!isIterable(inputs)) throw unexpected('an iterable of inputs', 'inputs', inputs)
  const settings = resolveIngestOptions(options)
  const run = new IngestRun(worker, settings)
  const { signal } = settings
  try {
    signal?.throwIfAborted()
    for await (const input of inputs) {
      await run.read(typeof input === 'string' ? { place: input } : input)
      signal?.throwIfAborted()
    }
  } catch (error) {
    if (signal?.aborted !== true || isOfAnother(error)) throw error
  } finally {
    await run.close()
  }
  return run.counts.summary(signal?.aborted === true)
}

/** An array is one, too; a text is not meant as its letters. */
function isIterable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Symbol.iterator in value || Symbol.asyncIterator in value
}

/** An error that is not what an aborted signal makes of a call. */
function isOfAnother(error: unknown): boolean {
  return isPackedError(error) && error.code !== 'Aborted'
}

class IngestRun {
  readonly counts = new IngestCounts()
  readonly #worker: IngestTarget
  readonly #settings: IngestSettings
  readonly #poison: PoisonRows

  constructor(worker: IngestTarget, settings: IngestSettings) {
    this.#worker = worker
    this.#settings = settings
    this.#poison = new PoisonRows(settings.onError)
  }

  async read(input: IngestInput): Promise<void> {
    const place = placeOf(input.place)
    const format = inputFormat(place.path, input.format)
    const source = input.source ?? sourceOf(place)
    const after = this.#worker.lastSequence(source)
    const opened = await openSource(place, format, { after, signal: this.#settings.signal })
    this.counts.begin(source, after ?? 0n)
    try {
      await this.#writeAll(source, this.#packetsOf(opened, place))
    } finally {
      await opened.close()
    }
  }

  /** Idempotent. */
  close(): Promise<void> {
    return this.#poison.close()
  }

  #packetsOf(input: RowInput | BatchInput, { text }: InputPlace): AsyncGenerator<Packet> {
    const { schema } = this.#worker
    const { map } = this.#settings
    if (input.kind === 'rows') {
      return rowPackets(input, mapRows(schema, input.source, map), this.#settings)
    }
    const mapping = mapToCollection(schema, input.schema, { map })
    return batchPackets(input, mapping, text, this.#settings)
  }

  /** Write a packet while the next one is read. */
  async #writeAll(source: string, packets: AsyncGenerator<Packet>): Promise<void> {
    let writing: Promise<void> = Promise.resolve()
    try {
      for await (const packet of packets) {
        await writing
        this.#settings.signal?.throwIfAborted()
        writing = this.#write(source, packet)
        // Its failure is seen above or below, after the next packet is read.
        writing.catch(() => {})
      }
    } finally {
      await writing
    }
  }

  async #write(source: string, given: Packet): Promise<void> {
    try {
      const packet = await this.#accept(source, given)
      this.counts.accepted(packet)
      this.#settings.meter.add('ingest.poison', packet.bad.length)
      this.#settings.onProgress?.(this.counts.progress())
    } finally {
      given.release()
    }
  }

  /** The packet as it was accepted: without rows that only the worker found bad. */
  async #accept(source: string, packet: Packet): Promise<Packet> {
    await this.#poison.take(source, packet.bad)
    const { rows, sequence } = packet
    const { signal } = this.#settings
    try {
      // Without rows, too: the worker is to know that the bad ones are behind it.
      await this.#worker.write({ source, sequence, rows, signal })
      return packet
    } catch (error) {
      const refused = isPackedError(error) && ROW_ERRORS.includes(error.code)
      if (!refused || packet.isolate === undefined) throw error
      const rest = packet.isolate()
      if (rest.bad.length === 0) throw error
      return this.#accept(source, { ...rest, isolate: undefined })
    }
  }
}

function placeOf(place: InputPlace | string): InputPlace {
  return typeof place === 'string' ? { text: place, path: place } : place
}
