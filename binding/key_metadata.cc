#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "call.h"
#include "operation.h"
#include "packed/encryption.h"
#include "packed/executor.h"
#include "storage_options.h"
#include "values.h"

namespace packed::binding {
namespace {

using KeyMetadataList = std::vector<std::optional<std::string>>;

Napi::Value ToNative(Napi::Env env, const std::optional<std::string>& metadata) {
  if (!metadata.has_value()) return env.Null();
  const auto bytes = static_cast<int64_t>(metadata->size());
  const Napi::ArrayBuffer copy = CopyOf(env, metadata->data(), bytes);
  if (copy.IsEmpty()) return copy;
  return Napi::Uint8Array::New(env, metadata->size(), copy, 0);
}

CallResult SettleKeyMetadata(Environment& environment, const KeyMetadataList& list) {
  const Napi::Env env = environment.env();
  return ArrayOf(env, list, [env](const auto& metadata) { return ToNative(env, metadata); });
}

}  // namespace

CallResult ReadKeyMetadata(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto storage, Read<Napi::Object>(call[0], "storage"));
  ARROW_ASSIGN_OR_RAISE(StorageConfig config, ReadStorage(storage));
  ARROW_ASSIGN_OR_RAISE(auto array, Read<Napi::Array>(call[1], "paths"));
  std::vector<std::string> paths;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(call.env());
    ARROW_ASSIGN_OR_RAISE(std::string path, Read<std::string>(array.Get(i), "paths"));
    paths.push_back(std::move(path));
  }
  auto execute = [config = std::move(config),
                  paths = std::move(paths)]() -> arrow::Result<KeyMetadataList> {
    ARROW_ASSIGN_OR_RAISE(auto store, FileStore::Make(config));
    KeyMetadataList list(paths.size());
    ARROW_RETURN_NOT_OK(ParallelFor(static_cast<int>(paths.size()), 0, [&](int i) {
      return packed::ReadKeyMetadata(*store, paths[i]).Value(&list[i]);
    }));
    return list;
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[2],
                            MakeOperation(CancelToken(), std::move(execute), SettleKeyMetadata)));
  return call.env().Undefined();
}

}  // namespace packed::binding
