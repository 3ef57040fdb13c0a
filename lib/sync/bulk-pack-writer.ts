import { PackedError } from '../errors/index.js'
import type { FieldGroup } from '../schema/index.js'
import { isInsertData } from '../segment/index.js'
import { prefetchCount, recordsOf } from './pack-records.js'
import { PackRun } from './pack-run.js'
import type { PackTarget } from './pack-target.js'
import type { PackLogs, PackWriter } from './pack-writer.js'
import type { PackChunk, SyncPack } from './sync-pack.js'

/**
 * Writes packs of StorageV1 segments, L0 ones included: a binlog per field, whose times are the
 * pack's. There is no encryption of it.
 *
 * Ids are reserved as Milvus does, with one call for the pack; retries use up what is spare.
 */
export class BulkPackWriter implements PackWriter {
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
    _groups: readonly FieldGroup[] = [],
    signal?: AbortSignal,
  ): Promise<PackLogs> {
    this.#refuseEncryption(pack)
    const run = new PackRun(this.#target, signal)
    const records = recordsOf(this.#target.schema, pack.insertData)
    const { timeRange } = pack
    try {
      await run.ids.reserve(prefetchCount(pack, fieldsOf(pack.insertData[0])))
      return await run.write(pack, records, {
        storageVersion: 0,
        groups: [],
        ...(timeRange.to > 0n ? { times: timeRange } : {}),
      })
    } finally {
      this.#orphans.push(...run.orphans)
    }
  }

  /** Rows that were to be encrypted are not written in the clear instead. */
  #refuseEncryption({ insertData, segmentId }: SyncPack): void {
    if (this.#target.pluginContext === undefined || insertData.length === 0) return
    const message = `Expected no pluginContext for segment ${segmentId} of StorageV1 but received one`
    throw new PackedError('NotSupported', message)
  }
}

function fieldsOf(chunk: PackChunk | undefined): number {
  if (chunk === undefined) return 0
  return isInsertData(chunk) ? chunk.fields().length : chunk.fieldIdToColumn.size
}
