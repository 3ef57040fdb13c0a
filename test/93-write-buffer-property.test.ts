/**
 * Whatever fails, and whenever the process ends: every row is in segments exactly once, and the
 * checkpoint is never past what is not saved.
 *
 * The log is an array here and the metadata a map, so that a run takes a millisecond and thousands
 * of orders can be tried; the worker's own tests run over the log and the store on disk.
 */
import fc from 'fast-check'
import { PackedError } from '../lib/errors/index.js'
import type { BufferedMessage } from '../lib/ingest/index.js'
import { BufferBench, keysOf, message, Saved } from './support/write-buffers.js'

type Command =
  | { kind: 'write'; source: string; segment: number; rows: number; deletes: number }
  | { kind: 'repeat'; source: string }
  | { kind: 'sync'; choice: number }
  | { kind: 'seal'; choice: number }
  | { kind: 'turn' }
  | { kind: 'crash' }

const source = fc.constantFrom('a', 'b')
const choice = fc.nat({ max: 99 })
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      source,
      segment: fc.nat({ max: 2 }),
      rows: fc.nat({ max: 3 }),
      deletes: fc.nat({ max: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const), source }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('sync' as const), choice }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('seal' as const), choice }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'turn' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'crash' as const }) },
)

/** How a step of a sync ends. */
const outcome = fc.constantFrom('good', 'good', 'good', 'bad', 'saved and bad', 'late')

/** What was accepted, and a worker that may end at any time. */
class Run {
  readonly log: BufferedMessage[] = []
  readonly saved = new Saved()
  readonly #outcomes: Iterator<string>
  readonly #sequences = new Map<string, number>()
  /** Segments for new rows, by place; a sealed one is followed by another. */
  readonly #segments = [1, 2, 3]
  #nextSegment = 4
  #nextKey = 0
  #nextDelete = 1_000_000
  bench: BufferBench

  constructor(outcomes: Iterable<string>) {
    this.#outcomes = outcomes[Symbol.iterator]()
    this.bench = this.#start()
  }

  #start(): BufferBench {
    const { saved } = this
    const bench = new BufferBench(
      {
        onCheckpoint: (position, sequences) => {
          if (bench !== this.bench) return
          saved.checkpoint = position
          saved.sequences = sequences
          this.expectCovered(position.messageId)
        },
      },
      saved,
    )
    bench.nextId = 10_000n + BigInt(saved.segments.size + this.log.length) * 1000n
    bench.decide = () => {
      const { value = 'good', done } = this.#outcomes.next() as { value?: string; done?: boolean }
      if (done || value === 'good') return undefined
      if (value === 'late') return new Promise((resolve) => setImmediate(resolve))
      return { error: new PackedError('Network', value), isSaved: value !== 'bad' }
    }
    return bench
  }

  write({ source, segment, rows, deletes }: Extract<Command, { kind: 'write' }>): void {
    const sequence = (this.#sequences.get(source) ?? 0) + 1
    this.#sequences.set(source, sequence)
    const keys = Array.from({ length: deletes }, () => this.#nextDelete++)
    const accepted = message(this.log.length + 1, {
      source,
      sequence,
      inserts: { [this.#segments[segment]!]: [this.#nextKey, rows] },
      deletes: { [segment + 1]: keys },
    })
    this.#nextKey += rows
    this.log.push(accepted)
    expect(this.bench.buffer.bufferData(accepted)).toBe('buffered')
  }

  /** A source that was not told that its last message is accepted sends it again. */
  repeat(source: string): void {
    const last = this.#sequences.get(source)
    if (last === undefined) return
    expect(this.bench.buffer.lastSequence(source)).toBe(BigInt(last))
    const sent = message(this.log.length + 1, { source, sequence: last, inserts: { 1: [0, 9] } })
    this.log.push({ ...sent, inserts: [] })
    expect(this.bench.buffer.bufferData(sent)).toBe('repeated')
  }

  sync(choice: number): void {
    const known = this.bench.metaCache.getSegments()
    const segment = known[choice % Math.max(known.length, 1)]
    if (segment === undefined || segment.state !== 'Growing') return
    const { buffer } = this.bench
    void buffer.submit(buffer.getSyncTask(segment.segmentId)).catch(() => {})
  }

  seal(choice: number): void {
    const place = choice % this.#segments.length
    const segmentId = this.#segments[place]!
    if (this.bench.metaCache.getSegment(BigInt(segmentId))?.state !== 'Growing') return
    this.bench.buffer.sealSegments([BigInt(segmentId)])
    this.#segments[place] = this.#nextSegment++
  }

  /** The process ends; another one reads what it saved, and the log after its checkpoint. */
  crash(): void {
    this.bench.isGone = true
    void this.bench.buffer.close()
    this.bench = this.#start()
    const after = this.saved.checkpoint?.messageId ?? 0n
    for (const logged of this.log) {
      if (logged.endPosition.messageId > after) this.bench.buffer.bufferData(logged)
    }
    for (const [source, sequence] of this.#sequences) {
      expect(this.bench.buffer.lastSequence(source)).toBe(BigInt(sequence))
    }
  }

  /** What a checkpoint says is saved. */
  expectCovered(upTo: bigint): void {
    const keys = new Set(this.saved.keys())
    const deletes = new Set(this.saved.deletes())
    for (const { endPosition, inserts, deletes: groups } of this.log) {
      if (endPosition.messageId > upTo) return
      const rows = inserts.flatMap(({ record }) => keysOf(record))
      for (const key of rows) if (!keys.has(key)) throw new Error(`row ${key} is past ${upTo}`)
      for (const { data } of groups) {
        for (const key of data.keys) {
          if (!deletes.has(Number(key))) throw new Error(`delete ${key} is past ${upTo}`)
        }
      }
    }
  }

  async end(): Promise<void> {
    await this.bench.buffer.flush()
    const count = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => from + i)
    expect(this.saved.keys()).toEqual(count(0, this.#nextKey))
    expect(this.saved.deletes()).toEqual(count(1_000_000, this.#nextDelete))
    expect(this.bench.at() ?? 0).toBe(this.log.length)
    await this.bench.buffer.close()
  }
}

test('every row is saved once, every delete too, and nothing is behind the checkpoint', async () => {
  // Pauses between attempts are not what this is about.
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] })
  const property = fc.asyncProperty(
    fc.array(command, { maxLength: 40 }),
    fc.array(outcome, { maxLength: 60 }),
    async (commands, outcomes) => {
      const run = new Run(outcomes)
      for (const each of commands) {
        if (each.kind === 'write') run.write(each)
        else if (each.kind === 'repeat') run.repeat(each.source)
        else if (each.kind === 'sync') run.sync(each.choice)
        else if (each.kind === 'seal') run.seal(each.choice)
        else if (each.kind === 'crash') run.crash()
        else await jest.advanceTimersByTimeAsync(200)
      }
      let ended = false
      const end = run.end().finally(() => {
        ended = true
      })
      while (!ended) await Promise.race([end, jest.advanceTimersByTimeAsync(1000)])
      await end
    },
  )
  try {
    await fc.assert(property, { numRuns: 200 })
  } finally {
    jest.useRealTimers()
  }
})
