import { expectObject, unexpected } from '../config/index.js'
import { type BackupExportOptions, exportBackup } from './export-backup.js'
import { type BulkExportOptions, exportBulk } from './export-bulk.js'
import type { MilvusImportRequest } from './export-request.js'

/**
 * Write what Milvus's import takes, and give the request that imports it.
 *
 * * `form: 'backup'`: the logs of segments, copied into folders for its backup mode. Row ids,
 *   timestamps and deletes stay; the collection needs the same field ids.
 * * `form: 'bulk'`: rows as Parquet files laid out as by pymilvus's bulk writer. Milvus gives new
 *   row ids and timestamps; fields are found by name.
 *
 * Nothing is sent to a server: upload what is not in Milvus's bucket, and post the request. Layouts
 * and names of options are those of Milvus's and milvus-backup's public sources; they have not been
 * tried on a running server.
 *
 * @throws PackedError; see `exportBackup` and `exportBulk`.
 */
export async function exportForMilvusImport(
  options: BackupExportOptions | BulkExportOptions,
): Promise<MilvusImportRequest> {
  expectObject(options, 'the options of exportForMilvusImport')
  if (options.form === 'backup') return exportBackup(options)
  if (options.form === 'bulk') return exportBulk(options)
  throw unexpected("'backup' | 'bulk'", 'form', (options as { form?: unknown }).form)
}
