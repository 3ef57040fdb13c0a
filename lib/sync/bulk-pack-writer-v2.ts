import type { FieldGroup } from '../schema/index.js'
import { prefetchCount, recordsOf } from './pack-records.js'
import { PackRun } from './pack-run.js'
import type { PackTarget } from './pack-target.js'
import type { PackLogs, PackWriter } from './pack-writer.js'
import type { SyncPack } from './sync-pack.js'

/**
 * Writes packs of StorageV2 segments: all chunks into one file per column group, in their order;
 * the times of the logs are the rows' own.
 *
 * Unlike Milvus's, the size it reports includes the column groups, and logs have their ids. A
 * plugin context encrypts the column groups; statistics and deletes stay in the clear.
 */
export class BulkPackWriterV2 implements PackWriter {
  readonly #target: PackTarget
  readonly #orphans: string[] = []

  constructor(target: PackTarget) {
    this.#target = target
  }

  get orphans(): readonly string[] {
    return this.#orphans
  }

  async write(
    pack: SyncPack,
    groups: readonly FieldGroup[],
    signal?: AbortSignal,
  ): Promise<PackLogs> {
    const run = new PackRun(this.#target, signal)
    const records = recordsOf(this.#target.schema, pack.insertData)
    try {
      if (this.#target.idAllocation === 'prefetch') {
        await run.ids.reserve(prefetchCount(pack, groups.length))
      }
      return await run.write(pack, records, { storageVersion: 2, groups })
    } finally {
      this.#orphans.push(...run.orphans)
    }
  }
}
