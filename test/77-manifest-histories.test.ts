/** Any history of transactions that overlap, `merge` included, against lists in memory. */
import { join } from 'node:path'
import fc from 'fast-check'
import {
  type Manifest,
  type ManifestColumnGroup,
  type ManifestResolver,
  ManifestStore,
  ManifestTransaction,
} from '../lib/manifest/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { BASE, deltaLogOf, groupOf, statisticsOf } from './support/manifest-parts.js'
import { rejection } from './support/rejection.js'
import { temporaryDirectory } from './support/temporary.js'

const ROOT = temporaryDirectory('manifest-histories')
const COLUMNS = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
const KEY = 'bloom_filter.100'
let segments = 0

/** A segment as lists: which columns lie together, and the files of each. */
interface Model {
  groups: { columns: string[]; files: string[]; rows: number }[]
  logs: string[]
  stats: Record<string, string>
}

type Change =
  | { kind: 'append'; rows: number }
  | { kind: 'drop'; column: string }
  | { kind: 'add'; column: string }
  | { kind: 'log' }
  | { kind: 'stat'; key: string }

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('append'), rows: fc.nat(3) }) },
  fc.record({ kind: fc.constant('drop'), column: fc.constantFrom(...COLUMNS) }),
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('add'),
      column: fc.constantFrom(...COLUMNS.slice(2)),
    }),
  },
  fc.record({ kind: fc.constant('log') }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('stat'), key: fc.constant(KEY) }) },
)
/** Transactions are opened at a version, some steps back, and committed later than the next ones. */
const step = fc.record({
  change,
  back: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(4)),
  late: fc.nat(3),
  resolver: fc.constantFrom<ManifestResolver>('merge', 'merge', 'fail', 'overwrite'),
})
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

const groupWith = ({ groups }: Model, column: string) =>
  groups.find(({ columns }) => columns.includes(column))
const filesOf = (model: Model, column: string) => groupWith(model, column)?.files.join()
const layoutOf = ({ groups }: Model) => groups.map(({ columns }) => columns.join()).join('|')
const rowsOf = ({ groups }: Model) => groups[0]?.rows ?? 0

/** The groups that an append writes files for: those there are, or two to begin with. */
const targets = (model: Model) =>
  model.groups.length > 0 ? model.groups.map(({ columns }) => columns) : [['a', 'b'], ['c']]

/** The model after a change that was made for `read`; undefined where it does not fit `on`. */
function after(on: Model, read: Model, change: Change, name: string): Model | undefined {
  const next = structuredClone(on)
  if (change.kind === 'log') next.logs.push(name)
  if (change.kind === 'stat') next.stats[change.key] = name
  if (change.kind === 'drop') {
    for (const group of next.groups) {
      group.columns = group.columns.filter((column) => column !== change.column)
    }
    next.groups = next.groups.filter(({ columns }) => columns.length > 0)
  }
  if (change.kind === 'add') {
    if (groupWith(on, change.column) !== undefined) return undefined
    if (on.groups.length > 0 && rowsOf(on) !== rowsOf(read)) return undefined
    next.groups.push({ columns: [change.column], files: [name], rows: rowsOf(read) })
  }
  if (change.kind === 'append') {
    const columns = targets(read)
    if (on.groups.length === 0)
      next.groups = columns.map((of) => ({ columns: of, files: [], rows: 0 }))
    if (layoutOf(next) !== columns.map((of) => of.join()).join('|')) return undefined
    next.groups.forEach((group, at) => {
      group.files.push(`${name}_${at}`)
      group.rows += change.rows
    })
  }
  return next
}

/** Whether what others made of `read` is in the way of a change. */
function isInTheWay(read: Model, latest: Model, change: Change): boolean {
  if (change.kind === 'stat') return read.stats[change.key] !== latest.stats[change.key]
  if (change.kind === 'drop') return filesOf(read, change.column) !== filesOf(latest, change.column)
  if (change.kind === 'append') return read.groups.length > 0 && latest.groups.length === 0
  if (change.kind !== 'add') return false
  const left = COLUMNS.filter((name) => filesOf(read, name) && filesOf(latest, name))
  if (left.some((name) => filesOf(read, name) !== filesOf(latest, name))) return true
  return left.length === 0 && read.groups.length !== latest.groups.length
}

function modelOf({ columnGroups, deltaLogs, stats }: Manifest): Model {
  const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1).split('.')[0]!
  return {
    groups: columnGroups.map((group) => ({
      columns: [...group.columns],
      files: group.files.map(({ path }) => nameOf(path)),
      rows: group.files.reduce((sum, { endIndex }) => sum + endIndex, 0),
    })),
    logs: deltaLogs.map(({ path }) => nameOf(path)),
    stats: Object.fromEntries(
      Object.entries(stats).map(([key, { paths }]) => [key, nameOf(paths[0]!)]),
    ),
  }
}

interface Open {
  step: Step
  name: string
  read: number
  due: number
  transaction: ManifestTransaction
}

class History {
  readonly #chunkManager: LocalChunkManager
  readonly #models: Model[] = [{ groups: [], logs: [], stats: {} }]
  readonly outcomes: string[] = []

  constructor(rootPath: string) {
    this.#chunkManager = new LocalChunkManager({ rootPath })
  }

  get #newest(): number {
    return this.#models.length - 1
  }

  async begin(step: Step, at: number): Promise<Open> {
    const version = Math.max(this.#newest - step.back, 0)
    const transaction = await ManifestTransaction.open({
      chunkManager: this.#chunkManager,
      basePath: BASE,
      version,
      resolver: step.resolver,
    })
    const [name, read] = [`t${at}`, this.#models[version]!]
    const { change } = step
    if (change.kind === 'log') transaction.addDeltaLog(deltaLogOf(name))
    if (change.kind === 'stat') transaction.updateStatistics(change.key, statisticsOf(name))
    if (change.kind === 'drop') transaction.dropColumn(change.column)
    if (change.kind === 'add') {
      transaction.addColumnGroup(groupOf(change.column, { [name]: rowsOf(read) }))
    }
    if (change.kind === 'append') {
      const group = (columns: string[], position: number): ManifestColumnGroup =>
        groupOf(columns.join(' '), { [`${name}_${position}`]: change.rows })
      transaction.appendFiles(targets(read).map(group))
    }
    return { step, name, read: version, due: at + step.late, transaction }
  }

  async commit({ step, name, read, transaction }: Open): Promise<void> {
    const { change, resolver } = step
    const [was, latest] = [this.#models[read]!, this.#models.at(-1)!]
    const isLatest = read === this.#newest
    const fits = after(was, was, change, name)
    let expected: Model | string | undefined = fits ?? 'InvalidArgument'
    if (fits !== undefined && !isLatest && resolver !== 'overwrite') {
      const merged = isInTheWay(was, latest, change) ? undefined : after(latest, was, change, name)
      expected = (resolver === 'merge' ? merged : undefined) ?? 'Conflict'
    }
    if (typeof expected === 'string') {
      expect((await rejection(() => transaction.commit())).code).toBe(expected)
    } else {
      const { version, manifest } = await transaction.commit()
      expect(version).toBe(this.#newest + 1)
      expect(modelOf(manifest)).toEqual(expected)
      this.#models.push(expected)
    }
    const how = isLatest ? 'at once' : resolver
    this.outcomes.push(`${change.kind} ${how}: ${typeof expected === 'string' ? expected : 'made'}`)
  }

  /** Every version says for ever what it said when it was made, to whoever reads it anew. */
  async expectAllVersions(): Promise<void> {
    const { rootPath } = this.#chunkManager
    const store = new ManifestStore(new LocalChunkManager({ rootPath }), BASE)
    expect(await store.latest()).toBe(this.#newest)
    for (const [version, model] of this.#models.entries()) {
      expect(modelOf(await store.read(version))).toEqual(model)
    }
  }
}

test('versions are the changes that were committed, and nothing else fails or succeeds', async () => {
  const seen = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
      segments += 1
      const history = new History(join(ROOT, String(segments)))
      let open: Open[] = []
      for (const [at, one] of steps.entries()) {
        open.push(await history.begin(one, at))
        for (const due of open.filter((waiting) => waiting.due <= at)) await history.commit(due)
        open = open.filter((waiting) => waiting.due > at)
      }
      for (const left of open) await history.commit(left)
      await history.expectAllVersions()
      for (const outcome of history.outcomes) seen.set(outcome, (seen.get(outcome) ?? 0) + 1)
    }),
    { numRuns: 200 },
  )
  // It was about something.
  const kinds = ['append', 'drop', 'add', 'log', 'stat']
  const expected = kinds.flatMap((kind) => [
    `${kind} merge: made`,
    `${kind} overwrite: made`,
    `${kind} fail: Conflict`,
    ...(kind === 'log' ? [] : [`${kind} merge: Conflict`]),
  ])
  expect(expected.filter((outcome) => !seen.has(outcome))).toEqual([])
}, 120_000)
