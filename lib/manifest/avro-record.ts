/** A manifest under the names of its Avro record: paths as they are stored, longs as bigint. */
export interface AvroManifest {
  column_groups: AvroColumnGroup[]
  delta_logs: AvroDeltaLog[]
  stats: Record<string, AvroStatistics>
  indexes: AvroIndex[]
  lob_files: AvroLobFile[]
}

export interface AvroColumnGroup {
  columns: string[]
  files: AvroFile[]
  format: string
}

export interface AvroFile {
  path: string
  start_index: bigint
  end_index: bigint
  properties: Record<string, string>
}

export interface AvroDeltaLog {
  path: string
  type: number
  num_entries: bigint
}

export interface AvroStatistics {
  paths: string[]
  metadata: Record<string, string>
}

export interface AvroIndex {
  column_name: string
  index_name: string
  index_type: string
  path: string
  field_id: bigint
  index_id: bigint
  build_id: bigint
  index_version: bigint
  num_rows: bigint
  serialized_size: bigint
  mem_size: bigint
  current_index_version: number
  current_scalar_index_version: number
  index_store_path_version: number
  index_file_keys: string[]
  properties: Record<string, string>
}

export interface AvroLobFile {
  path: string
  field_id: bigint
  total_rows: bigint
  valid_rows: bigint
  file_size_bytes: bigint
}
