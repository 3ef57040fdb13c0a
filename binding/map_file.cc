#include <memory>
#include <string>
#include <utility>

#include "arrow/buffer.h"
#include "arrow/io/interfaces.h"

#include "call.h"
#include "external_memory.h"
#include "operation.h"
#include "packed/storage.h"
#include "storage_options.h"
#include "values.h"

namespace packed::binding {
namespace {

using Mapping = std::shared_ptr<arrow::Buffer>;

/// The buffer keeps the mapping of the file.
arrow::Result<Mapping> Map(const StorageConfig& config, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto store, FileStore::Make(config));
  ReadOptions options;
  options.mmap = true;
  ARROW_ASSIGN_OR_RAISE(const auto file, store->Open(path, options));
  return file->file()->ReadAt(0, file->size());
}

/// Copied where the engine forbids external buffers.
CallResult Lend(Environment& environment, const Mapping& mapping) {
  Napi::ArrayBuffer array_buffer;
  if (mapping->size() > 0 && environment.external_buffers_allowed() &&
      ExternalMemory::Wrap(environment, mapping, mapping->data(), mapping->size(), Counted::kYes,
                           &array_buffer) != nullptr) {
    return array_buffer;
  }
  return CopyOf(environment.env(), mapping->data(), mapping->size());
}

}  // namespace

CallResult MapFile(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto storage, Read<Napi::Object>(call[0], "storage"));
  ARROW_ASSIGN_OR_RAISE(StorageConfig config, ReadStorage(storage));
  ARROW_ASSIGN_OR_RAISE(std::string path, Read<std::string>(call[1], "path"));
  auto execute = [config = std::move(config), path = std::move(path)] { return Map(config, path); };
  ARROW_RETURN_NOT_OK(
      Start(call.environment(), call[2], MakeOperation(CancelToken(), std::move(execute), Lend)));
  return call.env().Undefined();
}

}  // namespace packed::binding
