/** A segment of its own with transactions on it, and others who know nothing of them. */
import { join } from 'node:path'
import {
  type Manifest,
  ManifestStore,
  ManifestTransaction,
  type ManifestTransactionOptions,
} from '../../lib/manifest/index.js'
import { LocalChunkManager } from '../../lib/storage/index.js'
import { BASE, groupOf } from './manifest-parts.js'

type More = Partial<ManifestTransactionOptions>

/** Lets something happen before each object is written. */
class LateChunkManager extends LocalChunkManager {
  before: () => Promise<unknown> = async () => {}

  override async write(...args: Parameters<LocalChunkManager['write']>): Promise<void> {
    await this.before()
    return super.write(...args)
  }
}

/** The segment BASE below a directory. */
export function manifestPlace(rootPath: string) {
  const chunkManager = new LateChunkManager({ rootPath })
  const open = (more: More = {}) =>
    ManifestTransaction.open({ chunkManager, basePath: BASE, ...more })
  const append = async (name: string, more: More = {}) =>
    (await open(more)).appendFiles([groupOf('id', { [name]: 1 })]).commit()
  /** Options of somebody who has seen nothing yet. */
  const elsewhere = () => ({ chunkManager: new LocalChunkManager({ rootPath }) })
  let others = 0
  return {
    rootPath,
    chunkManager,
    store: new ManifestStore(chunkManager, BASE),
    open,
    append,
    elsewhere,
    metadata: join(rootPath, BASE, '_metadata'),
    /** Commits of others, before every write of this one as long as `times` lasts. */
    overtake(times: number): void {
      others = 0
      chunkManager.before = async () => {
        if (others === times) return
        others += 1
        await append(`other${others}`, elsewhere())
      }
    },
    overtaken: () => others,
  }
}

/** The names of the files of the first group. */
export function namesOf({ columnGroups }: Manifest): (string | undefined)[] | undefined {
  return columnGroups[0]?.files.map(({ path }) => /(\w+)\.parquet$/.exec(path)?.[1])
}
