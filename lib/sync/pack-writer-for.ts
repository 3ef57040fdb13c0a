import { BulkPackWriter } from './bulk-pack-writer.js'
import { BulkPackWriterV2 } from './bulk-pack-writer-v2.js'
import { BulkPackWriterV3 } from './bulk-pack-writer-v3.js'
import type { PackTarget } from './pack-target.js'
import type { PackWriter } from './pack-writer.js'

/** The writer of a segment's storage version. */
export function packWriterFor(storageVersion: number, target: PackTarget): PackWriter {
  if (storageVersion === 2) return new BulkPackWriterV2(target)
  return storageVersion === 3 ? new BulkPackWriterV3(target) : new BulkPackWriter(target)
}
