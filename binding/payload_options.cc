#include "payload_options.h"

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "arrow/buffer.h"

#include "filter_options.h"
#include "flat_reader.h"
#include "packed/memory.h"
#include "reader_options.h"
#include "storage_options.h"
#include "values.h"
#include "visibility_handle.h"

namespace packed::binding {
namespace {

/// \brief Copies what JavaScript holds, once per view: JavaScript may change or detach it while
/// the reader lives, and several payloads may be windows of one file.
class MemoryPayloads {
 public:
  arrow::Result<std::shared_ptr<arrow::Buffer>> Copy(Napi::Value view) {
    const std::string name = "bytes";
    FieldPath path;
    path.Push(name);
    ARROW_ASSIGN_OR_RAISE(const FlatView bytes, ReadView(view, path));
    auto& copy = copies_[{bytes.data, bytes.size}];
    if (copy) return copy;
    ARROW_ASSIGN_OR_RAISE(copy, arrow::AllocateBuffer(bytes.size, Pool()));
    if (bytes.size > 0) std::memcpy(copy->mutable_data(), bytes.data, copy->size());
    return copy;
  }

 private:
  std::map<std::pair<const uint8_t*, int64_t>, std::shared_ptr<arrow::Buffer>> copies_;
};

arrow::Result<Payload> ReadPayload(Napi::Object object, MemoryPayloads* memory) {
  Payload payload;
  ARROW_ASSIGN_OR_RAISE(auto path, ReadOptional<std::string>(object, "path"));
  payload.path = std::move(path).value_or("");
  const Napi::Value bytes = object.Get("bytes");
  if (!bytes.IsUndefined()) {
    ARROW_ASSIGN_OR_RAISE(payload.bytes, memory->Copy(bytes));
  } else if (payload.path.empty()) {
    return Unexpected("a path or bytes", "payload", object);
  }
  ARROW_ASSIGN_OR_RAISE(payload.offset, ReadMember<int64_t>(object, "offset"));
  ARROW_ASSIGN_OR_RAISE(payload.length, ReadMember<int64_t>(object, "length"));
  return payload;
}

arrow::Result<PayloadColumn> ReadColumn(Napi::Object object, MemoryPayloads* memory) {
  PayloadColumn column;
  ARROW_ASSIGN_OR_RAISE(column.column, ReadMember<int32_t>(object, "column"));
  ARROW_RETURN_NOT_OK(ForEachObject(object, "payloads", [&](Napi::Object native) -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(auto payload, ReadPayload(native, memory));
    column.payloads.push_back(std::move(payload));
    return arrow::Status::OK();
  }));
  return column;
}

}  // namespace

arrow::Result<PayloadSettings> ReadPayloadSettings(Environment& environment, Napi::Object object) {
  PayloadSettings settings;
  PayloadReaderOptions& options = settings.options;
  MemoryPayloads memory;
  ARROW_RETURN_NOT_OK(ForEachObject(object, "columns", [&](Napi::Object native) -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(auto column, ReadColumn(native, &memory));
    settings.columns.push_back(std::move(column));
    return arrow::Status::OK();
  }));
  ARROW_ASSIGN_OR_RAISE(options.rows, ReadMember<int64_t>(object, "rows"));
  ARROW_ASSIGN_OR_RAISE(options.defaults, ReadDefaults(environment, object));
  if (!object.Get("output").IsUndefined()) {
    ARROW_ASSIGN_OR_RAISE(options.output, ReadList<int32_t>(object, "output"));
  }
  ARROW_ASSIGN_OR_RAISE(options.visible, ReadVisibility(object));
  ARROW_ASSIGN_OR_RAISE(options.filter, ReadFilter(object));
  ARROW_ASSIGN_OR_RAISE(options.batch_rows, ReadMember<int64_t>(object, "batchRows"));
  ARROW_ASSIGN_OR_RAISE(options.batch_bytes, ReadMember<int64_t>(object, "batchBytes"));
  ARROW_ASSIGN_OR_RAISE(options.buffer_bytes, ReadMember<int64_t>(object, "bufferBytes"));
  ARROW_ASSIGN_OR_RAISE(auto storage, ReadMember<Napi::Object>(object, "storage"));
  ARROW_ASSIGN_OR_RAISE(settings.storage, ReadStorage(storage));
  return settings;
}

}  // namespace packed::binding
