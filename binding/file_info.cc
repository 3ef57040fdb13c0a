#include "file_info.h"

#include "schema_bridge.h"
#include "values.h"

namespace packed::binding {
namespace {

double Number(int64_t value) { return static_cast<double>(value); }

const char* LayoutName(FileLayout layout) {
  switch (layout) {
    case FileLayout::kPacked:
      return "packed";
    case FileLayout::kRowGroupSize:
      return "rowGroupSize";
    case FileLayout::kColumnOffsets:
      return "columnOffsets";
    default:
      return "plain";
  }
}

Napi::Object ToNative(Napi::Env env, const RowGroupInfo& group) {
  Napi::Object native = Napi::Object::New(env);
  native.Set("rows", Number(group.rows));
  native.Set("rowOffset", Number(group.row_offset));
  native.Set("memoryBytes", Number(group.memory_bytes));
  native.Set("compressedBytes", Number(group.compressed_bytes));
  native.Set("uncompressedBytes", Number(group.uncompressed_bytes));
  return native;
}

Napi::Object ToNative(Napi::Env env, const ColumnChunkInfo& chunk) {
  Napi::Object native = Napi::Object::New(env);
  native.Set("column", TextOf(env, chunk.column));
  native.Set("rowGroup", chunk.row_group);
  native.Set("physicalType", chunk.physical_type);
  native.Set("codec", chunk.codec);
  native.Set("encodings", ArrayOf(env, chunk.encodings,
                                  [env](const std::string& name) { return TextOf(env, name); }));
  native.Set("values", Number(chunk.values));
  native.Set("compressedBytes", Number(chunk.compressed_bytes));
  native.Set("uncompressedBytes", Number(chunk.uncompressed_bytes));
  native.Set("hasDictionary", chunk.has_dictionary);
  native.Set("hasStatistics", chunk.has_statistics);
  native.Set("nullCount", chunk.null_count.has_value()
                              ? Napi::Value(Napi::Number::New(env, Number(*chunk.null_count)))
                              : env.Null());
  native.Set("min", chunk.range ? Napi::Value(TextOf(env, chunk.range->first)) : env.Null());
  native.Set("max", chunk.range ? Napi::Value(TextOf(env, chunk.range->second)) : env.Null());
  return native;
}

}  // namespace

arrow::Result<Napi::Object> ToNativeFileInfo(Napi::Env env, const FileInfo& info) {
  Napi::Object native = Napi::Object::New(env);
  native.Set("path", TextOf(env, info.path));
  native.Set("layout", LayoutName(info.layout));
  native.Set("fileBytes", Number(info.file_bytes));
  native.Set("footerBytes", Number(info.footer_bytes));
  native.Set("rows", Number(info.rows));
  native.Set("group", info.group);
  native.Set("createdBy", TextOf(env, info.created_by));
  native.Set("formatVersion", TextOf(env, info.format_version));
  native.Set("storageVersion", TextOf(env, info.storage_version));
  native.Set("keyValues", PairsArray(env, info.key_values));
  native.Set("rowGroups", ArrayOf(env, info.row_groups, [env](const RowGroupInfo& group) {
               return ToNative(env, group);
             }));
  native.Set("chunks", ArrayOf(env, info.chunks, [env](const ColumnChunkInfo& chunk) {
               return ToNative(env, chunk);
             }));
  ARROW_ASSIGN_OR_RAISE(auto schema, ToNativeSchema(env, *info.schema));
  native.Set("schema", schema);
  return native;
}

}  // namespace packed::binding
