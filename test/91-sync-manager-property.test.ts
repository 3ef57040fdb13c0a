/** What holds for every sequence of syncs, however they end and in whatever order. */

import { tmpdir } from 'node:os'
import fc from 'fast-check'
import { LocalChunkManager } from '../lib/storage/index.js'
import { SyncManager } from '../lib/sync/index.js'
import { settle, submit, type ToldWork, WorkJournal } from './support/sync-works.js'

const chunkManager = new LocalChunkManager({ rootPath: tmpdir() })

/** A task, and when its parts end: steps of all tasks are taken by ascending time. */
const task = fc.record({
  segmentId: fc.bigInt({ min: 1n, max: 3n }),
  payloadBytes: fc.integer({ min: 0, max: 12 }),
  submittedAt: fc.integer({ min: 0, max: 20 }),
  preparedAt: fc.integer({ min: 0, max: 20 }),
  committedAt: fc.integer({ min: 0, max: 20 }),
  prepareFails: fc.boolean(),
  commitFails: fc.boolean(),
})
type Task = typeof task extends fc.Arbitrary<infer T> ? T : never

interface Submitted {
  readonly name: string
  readonly task: Task
  readonly outcome: Promise<string>
}

/** Submit tasks and end their parts at their times, one after the other. */
async function play(tasks: Task[], journal: WorkJournal, manager: SyncManager) {
  const submitted: Submitted[] = []
  const steps = tasks.flatMap((task, index) => {
    const name = `${index}`
    const work: ToldWork = journal.work(name, task)
    const { prepareFails, commitFails } = task
    return [
      {
        at: task.submittedAt,
        take: () => submitted.push({ name, task, outcome: submit(manager, work) }),
      },
      {
        at: task.preparedAt,
        take: () => work.prepared.end(prepareFails ? new Error(`prepare ${name}`) : undefined),
      },
      {
        at: task.committedAt,
        take: () => work.committed.end(commitFails ? new Error(`commit ${name}`) : undefined),
      },
    ]
  })
  steps.sort((left, right) => left.at - right.at)
  for (const { take } of steps) {
    take()
    await settle()
  }
  const outcomes = await Promise.all(submitted.map(({ outcome }) => outcome))
  return submitted.map((one, index) => ({ ...one, ended: outcomes[index]! }))
}

/** The lines of one task, without those of the others. */
function linesOf(journal: WorkJournal, name: string): string[] {
  return journal.lines.filter((line) => line.split(/[ :]/)[1] === name)
}

test('commits are in call order, a failure ends the suffix, everybody is told once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(task, { maxLength: 9 }), async (tasks) => {
      const journal = new WorkJournal()
      const manager = new SyncManager({ chunkManager, maxTasks: 4, maxBytes: 10 })
      const ended = await play(tasks, journal, manager)
      expect(journal.mostPreparing).toBeLessThanOrEqual(4)
      const largest = Math.max(0, ...tasks.map(({ payloadBytes }) => payloadBytes))
      expect(journal.mostPreparingBytes).toBeLessThanOrEqual(Math.max(10, largest))
      for (const { name, ended: outcome, task } of ended) {
        const lines = linesOf(journal, name)
        const saved = outcome === 'saved'
        const own = outcome === `prepare ${name}` || outcome === `commit ${name}`
        expect(saved && (task.prepareFails || task.commitFails)).toBe(false)
        expect(lines.filter((line) => line.startsWith('commit '))).toHaveLength(saved ? 1 : 0)
        expect(lines.filter((line) => line.startsWith('abandon '))).toHaveLength(
          saved || own ? 0 : 1,
        )
        const why = saved ? '' : `: ${outcome}`
        const told = saved ? [] : [`fail ${name}${why}`]
        expect(lines.slice(lines.length - told.length - 2)).toEqual([
          ...told,
          ...[`first ${name}${why}`, `second ${name}${why}`],
        ])
      }
      for (const segmentId of [1n, 2n, 3n]) {
        const names = ended.filter(({ task }) => task.segmentId === segmentId)
        const saved = names.filter(({ ended: outcome }) => outcome === 'saved')
        const committed = journal.lines.filter((line) =>
          saved.some(({ name }) => line === `commit ${name}`),
        )
        expect(committed).toEqual(saved.map(({ name }) => `commit ${name}`))
        for (const [index, { ended: outcome, name }] of names.entries()) {
          if (outcome === 'saved' || outcome.endsWith(` ${name}`)) continue
          const cause = names.findIndex((other) => outcome.endsWith(` ${other.name}`))
          expect(cause).toBeGreaterThanOrEqual(0)
          expect(cause).toBeLessThan(index)
          const between = names.slice(cause, index)
          expect(between.map((other) => other.ended)).toEqual(between.map(() => outcome))
        }
        const again = journal.work(`again${segmentId}`, { segmentId, prompt: true })
        expect(await submit(manager, again)).toBe('saved')
      }
      await manager.close()
    }),
    { numRuns: 300 },
  )
})
