#include "reader_options.h"

#include <memory>
#include <optional>
#include <utility>

#include "batch_import.h"
#include "filter_options.h"
#include "handle_kinds.h"
#include "key_options.h"
#include "storage_options.h"
#include "values.h"
#include "visibility_handle.h"

namespace packed::binding {
namespace {

arrow::Result<std::vector<ColumnRef>> ReadColumns(Napi::Array array) {
  std::vector<ColumnRef> columns;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value value = array.Get(i);
    if (value.IsBigInt()) {
      ARROW_ASSIGN_OR_RAISE(const BigInteger id, Read<BigInteger>(value, "columns"));
      columns.emplace_back(id.value);
    } else {
      ARROW_ASSIGN_OR_RAISE(std::string name, Read<std::string>(value, "columns"));
      columns.emplace_back(std::move(name));
    }
  }
  return columns;
}

/// What is known of the files, in the order of the paths.
arrow::Result<std::vector<KnownFile>> ReadKnown(Napi::Object object) {
  std::vector<KnownFile> known;
  ARROW_ASSIGN_OR_RAISE(auto array, ReadOptional<Napi::Array>(object, "known"));
  if (!array.has_value()) return known;
  for (uint32_t i = 0; i < array->Length(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto file, Read<Napi::Object>(array->Get(i), "known"));
    KnownFile facts;
    ARROW_ASSIGN_OR_RAISE(facts.file_bytes, ReadMember<int64_t>(file, "fileBytes"));
    ARROW_ASSIGN_OR_RAISE(facts.footer_bytes, ReadMember<int64_t>(file, "footerBytes"));
    known.push_back(facts);
  }
  return known;
}

arrow::Result<FileGroup> ReadFileGroup(Napi::Value value) {
  ARROW_ASSIGN_OR_RAISE(auto object, Read<Napi::Object>(value, "groups"));
  FileGroup group;
  if (!object.Get("columns").IsUndefined()) {
    ARROW_ASSIGN_OR_RAISE(group.columns, ReadList<std::string>(object, "columns"));
  }
  ARROW_ASSIGN_OR_RAISE(auto files, ReadMember<Napi::Array>(object, "files"));
  for (uint32_t i = 0; i < files.Length(); ++i) {
    const Napi::HandleScope scope(files.Env());
    ARROW_ASSIGN_OR_RAISE(auto file, Read<Napi::Object>(files.Get(i), "files"));
    FileWindow window;
    ARROW_ASSIGN_OR_RAISE(window.path, ReadMember<std::string>(file, "path"));
    ARROW_ASSIGN_OR_RAISE(window.start, ReadMember<int64_t>(file, "start"));
    ARROW_ASSIGN_OR_RAISE(window.end, ReadMember<int64_t>(file, "end"));
    ARROW_ASSIGN_OR_RAISE(window.known.file_bytes, ReadMember<int64_t>(file, "fileBytes"));
    ARROW_ASSIGN_OR_RAISE(window.known.footer_bytes, ReadMember<int64_t>(file, "footerBytes"));
    group.files.push_back(std::move(window));
  }
  return group;
}

arrow::Result<std::optional<std::vector<FileGroup>>> ReadFileGroups(Napi::Object object) {
  ARROW_ASSIGN_OR_RAISE(auto array, ReadOptional<Napi::Array>(object, "groups"));
  if (!array.has_value()) return std::nullopt;
  std::vector<FileGroup> groups;
  for (uint32_t i = 0; i < array->Length(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto group, ReadFileGroup(array->Get(i)));
    groups.push_back(std::move(group));
  }
  return groups;
}

arrow::Result<VectorForm> ReadVectorForm(Napi::Object object) {
  ARROW_ASSIGN_OR_RAISE(const auto form, ReadMember<std::string>(object, "vectors"));
  if (form == "fixed_size_binary") return VectorForm::kFixedSizeBinary;
  if (form == "fixed_size_list") return VectorForm::kFixedSizeList;
  return Unexpected("'fixed_size_binary' or 'fixed_size_list'", "vectors", object.Get("vectors"));
}

arrow::Result<QuantizedForm> ReadQuantizedForm(Napi::Object object) {
  ARROW_ASSIGN_OR_RAISE(const auto form, ReadMember<std::string>(object, "quantized"));
  if (form == "decode") return QuantizedForm::kDecode;
  if (form == "raw") return QuantizedForm::kRaw;
  return Unexpected("'decode' or 'raw'", "quantized", object.Get("quantized"));
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadDefaults(Environment& environment,
                                                                Napi::Object options) {
  ARROW_ASSIGN_OR_RAISE(auto defaults, ReadOptional<Napi::Object>(options, "defaults"));
  if (!defaults.has_value()) return nullptr;
  ARROW_ASSIGN_OR_RAISE(auto schema, ReadHandle<arrow::Schema>(*defaults, "schema"));
  ARROW_ASSIGN_OR_RAISE(auto batch, ReadMember<Napi::Object>(*defaults, "batch"));
  return ImportAsRecordBatch(environment, batch, schema, /*copy=*/true);
}

arrow::Result<ReaderSettings> ReadReaderSettings(Environment& environment, Napi::Object object) {
  ReaderSettings settings;
  ReaderOptions& options = settings.options;
  ARROW_ASSIGN_OR_RAISE(settings.paths, ReadList<std::string>(object, "paths"));
  ARROW_ASSIGN_OR_RAISE(settings.groups, ReadFileGroups(object));
  ARROW_ASSIGN_OR_RAISE(options.known, ReadKnown(object));
  ARROW_ASSIGN_OR_RAISE(options.by_name, ReadMember<bool>(object, "byName"));
  if (!object.Get("schema").IsUndefined()) {
    ARROW_ASSIGN_OR_RAISE(options.schema, ReadHandle<arrow::Schema>(object, "schema"));
  }
  ARROW_ASSIGN_OR_RAISE(auto columns, ReadOptional<Napi::Array>(object, "columns"));
  if (columns.has_value()) {
    ARROW_ASSIGN_OR_RAISE(options.columns, ReadColumns(*columns));
  }
  ARROW_ASSIGN_OR_RAISE(options.defaults, ReadDefaults(environment, object));
  ARROW_ASSIGN_OR_RAISE(options.vectors, ReadVectorForm(object));
  ARROW_ASSIGN_OR_RAISE(options.quantized, ReadQuantizedForm(object));
  ARROW_ASSIGN_OR_RAISE(options.batch_rows, ReadMember<int64_t>(object, "batchRows"));
  ARROW_ASSIGN_OR_RAISE(options.batch_bytes, ReadMember<int64_t>(object, "batchBytes"));
  ARROW_ASSIGN_OR_RAISE(options.buffer_bytes, ReadMember<int64_t>(object, "bufferBytes"));
  ARROW_ASSIGN_OR_RAISE(options.mmap, ReadMember<bool>(object, "mmap"));
  ARROW_ASSIGN_OR_RAISE(options.lenient, ReadMember<bool>(object, "lenient"));
  ARROW_ASSIGN_OR_RAISE(auto keys, ReadOptional<Napi::Array>(object, "keys"));
  if (keys.has_value()) {
    ARROW_ASSIGN_OR_RAISE(options.keys, ReadKeys(*keys));
  }
  ARROW_ASSIGN_OR_RAISE(options.visible, ReadVisibility(object));
  ARROW_ASSIGN_OR_RAISE(options.filter, ReadFilter(object));
  ARROW_ASSIGN_OR_RAISE(auto storage, ReadMember<Napi::Object>(object, "storage"));
  ARROW_ASSIGN_OR_RAISE(settings.storage, ReadStorage(storage));
  return settings;
}

}  // namespace packed::binding
