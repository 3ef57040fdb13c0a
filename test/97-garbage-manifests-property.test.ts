/** Random histories of commits, expiries and collections: no live version loses a file. */
import { join } from 'node:path'
import fc from 'fast-check'
import {
  expireManifests,
  type Manifest,
  ManifestStore,
  type ManifestTransaction,
} from '../lib/manifest/index.js'
import { baseOf, ManifestGarbage, manifestsOf } from './support/manifest-garbage.js'
import { groupOf } from './support/manifest-parts.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('garbage-property')
let trees = 0
const SEGMENTS = [3, 4]
const STATISTICS = 'bloom_filter.100'

type Act = (segment: number, number: number) => Promise<void>

/** What happens to segments 3 and 4, and what should be there by a model of its own. */
class History {
  readonly #place = new ManifestGarbage(join(directory, String(trees++)))
  /** By segment and version: the files that the version names. */
  readonly #named = new Map<number, Map<number, string[]>>()
  readonly #dropped = new Set<number>()
  #next = 0

  constructor() {
    for (const segment of SEGMENTS) {
      this.#place.know(segment)
      this.#named.set(segment, new Map())
    }
  }

  readonly acts: Readonly<Record<string, Act>> = {
    append: (segment) => this.#commit(segment, (one, name) => this.#append(one, segment, name)),
    column: (segment) =>
      this.#commit(segment, (one, name) => {
        const rows = rowsOf(one.manifest)
        one.addColumnGroup(groupOf(`c${name}`, { [name]: rows }, baseOf(segment)))
      }),
    drop: (segment, number) =>
      this.#commit(segment, (one) => {
        const columns = one.manifest.columnGroups.flatMap((group) => group.columns)
        one.dropColumn(columns[number % columns.length] ?? 'none')
      }),
    deletes: (segment) =>
      this.#commit(segment, (one, name) => {
        const path = `${baseOf(segment)}/_delta/${name}`
        one.addDeltaLog({ path, type: 'primaryKey', numEntries: 1 })
      }),
    statistics: (segment) =>
      this.#commit(segment, (one, name) => {
        const paths = [`${baseOf(segment)}/_stats/${STATISTICS}/${name}`]
        one.updateStatistics(STATISTICS, { paths, metadata: {} })
      }),
    large: (segment) =>
      this.#commit(segment, (one, name) => {
        const path = `insert_log/1/2/lobs/101/_data/${name}.vx`
        one.addLobFile({ path, fieldId: 101n, totalRows: 1, validRows: 1, fileSizeBytes: 10 })
      }),
    /** A file that another segment's latest version names, shared. */
    share: async (segment, number) => {
      const others = [...(this.#named.get(7 - segment)?.values() ?? [])].at(-1) ?? []
      const path = others[number % Math.max(1, others.length)]
      if (path === undefined || this.#dropped.has(7 - segment)) return
      await this.#commit(segment, (one) =>
        one.addDeltaLog({ path, type: 'primaryKey', numEntries: 1 }),
      )
    },
    /** On top of an old version: what came after it is in old versions only. */
    overwrite: (segment, number) => {
      const versions = [...this.#named.get(segment)!.keys()]
      const version = versions[number % Math.max(1, versions.length)] ?? 0
      return this.#commit(segment, (one, name) => this.#append(one, segment, name), version)
    },
    /** Data of a process that was killed before its commit. */
    kill: (segment) => this.#place.write(`${baseOf(segment)}/_data/${this.#next++}.parquet`),
    expire: async (segment, number) => {
      const { chunkManager } = this.#place
      const versions = this.#named.get(segment)!
      if (versions.size === 0 || this.#dropped.has(segment)) return
      const keep = 1 + (number % 4)
      const age = { olderThanMs: 0, workersStopped: true }
      const basePath = baseOf(segment)
      await expireManifests({ chunkManager, basePath, keep, ...age, dryRun: false })
      for (const version of [...versions.keys()].slice(0, -keep)) versions.delete(version)
    },
    remove: async (segment, number) => {
      if (number % 8 !== 0) return
      this.#dropped.add(segment)
      this.#place.setState(segment, 'Dropped')
    },
    collect: async () => {
      const { failed } = await this.#place.gcNow()
      expect(failed).toEqual([])
      expect(this.#place.keys).toEqual([...this.#files(), ...this.#manifests()].sort())
    },
  }

  /** Nothing that a live version names is gone, whatever else is there. */
  check(): void {
    const keys = new Set(this.#place.keys)
    const live = [...this.#files(), ...this.#manifests()]
    expect(live.filter((key) => !keys.has(key))).toEqual([])
  }

  #append(one: ManifestTransaction, segment: number, name: string): void {
    const { columnGroups } = one.manifest
    const groups = columnGroups.length === 0 ? [{ columns: ['id'] }] : columnGroups
    one.appendFiles(
      groups.map(({ columns }, index) =>
        groupOf(columns.join(' '), { [`${name}-${index}`]: 10 }, baseOf(segment)),
      ),
    )
  }

  async #commit(
    segment: number,
    change: (transaction: ManifestTransaction, name: string) => unknown,
    version = -1,
  ): Promise<void> {
    if (this.#dropped.has(segment)) return
    const basePath = baseOf(segment)
    const options = { version, resolver: version === -1 ? 'fail' : 'overwrite' } as const
    const name = String(this.#next++)
    const made = await this.#place.commit(basePath, (one) => change(one, name), options)
    const { manifest } = await new ManifestStore(this.#place.chunkManager, basePath).open(made)
    const files = filesOf(manifest)
    const there = new Set(this.#place.keys)
    await this.#place.write(...files.filter((file) => !there.has(file)))
    this.#named.get(segment)!.set(made, files)
  }

  #files(): Set<string> {
    const live = [...this.#named].filter(([segment]) => !this.#dropped.has(segment))
    return new Set(live.flatMap(([, versions]) => [...versions.values()].flat()))
  }

  #manifests(): string[] {
    const live = [...this.#named].filter(([segment]) => !this.#dropped.has(segment))
    return live.flatMap(([segment, versions]) => manifestsOf(baseOf(segment), ...versions.keys()))
  }
}

function filesOf({ columnGroups, deltaLogs, stats, lobFiles }: Manifest): string[] {
  const named = [
    ...columnGroups.flatMap(({ files }) => files),
    ...deltaLogs,
    ...lobFiles,
    ...Object.values(stats).flatMap(({ paths }) => paths.map((path) => ({ path }))),
  ]
  return [...new Set(named.map(({ path }) => path))]
}

function rowsOf({ columnGroups: [first] }: Manifest): number {
  const rows = first?.files.reduce((sum, file) => sum + file.endIndex - file.startIndex, 0)
  return rows === undefined || rows === 0 ? 10 : rows
}

const names = Object.keys(new History().acts)
const step = fc.record({
  name: fc.constantFrom(...names, 'append', 'append', 'expire', 'collect'),
  segment: fc.constantFrom(...SEGMENTS),
  number: fc.nat(1000),
})

test('whatever happens, what a live version names stays, and a collection leaves nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const history = new History()
      for (const { name, segment, number } of steps) {
        await history.acts[name]!(segment, number)
        history.check()
      }
      await history.acts.collect!(0, 0)
    }),
    { numRuns: 60 },
  )
}, 120_000)
