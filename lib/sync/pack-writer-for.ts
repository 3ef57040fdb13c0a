import { PackedError } from '../errors/index.js'
import { BulkPackWriter } from './bulk-pack-writer.js'
import { BulkPackWriterV2 } from './bulk-pack-writer-v2.js'
import type { PackTarget } from './pack-target.js'
import type { PackWriter } from './pack-writer.js'

/** The writer of a segment's storage version. @throws PackedError NotSupported (3). */
export function packWriterFor(storageVersion: number, target: PackTarget): PackWriter {
  if (storageVersion === 2) return new BulkPackWriterV2(target)
  if (storageVersion !== 3) return new BulkPackWriter(target)
  const message = `Expected storage version 0 or 2 for a sync of segment ${target.segmentId} but received 3`
  throw new PackedError('NotSupported', message)
}
