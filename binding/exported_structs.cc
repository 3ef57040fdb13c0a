#include "exported_structs.h"

#include <map>
#include <mutex>

#include "arrow/c/helpers.h"

#include "packed/error.h"

namespace packed::binding {
namespace {

using FreeFunction = void (*)(void*);

struct Published {
  std::string kind;
  FreeFunction free;
};

struct Registry {
  std::mutex mutex;
  std::map<int64_t, Published> structs;
};

/// Leaked: threads may still export while static destructors run.
Registry& Shared() {
  static auto* registry = new Registry();
  return *registry;
}

template <typename Struct, void (*kRelease)(Struct*)>
int64_t Publish(const char* kind, Struct** out) {
  *out = new Struct{};
  const auto address = reinterpret_cast<int64_t>(*out);
  Registry& registry = Shared();
  const std::lock_guard lock(registry.mutex);
  registry.structs[address] = {kind, [](void* memory) {
                                 auto* published = static_cast<Struct*>(memory);
                                 kRelease(published);
                                 delete published;
                               }};
  return address;
}

}  // namespace

template <>
int64_t PublishStruct(ArrowArray** out) {
  return Publish<ArrowArray, ArrowArrayRelease>("array", out);
}

template <>
int64_t PublishStruct(ArrowSchema** out) {
  return Publish<ArrowSchema, ArrowSchemaRelease>("schema", out);
}

template <>
int64_t PublishStruct(ArrowArrayStream** out) {
  return Publish<ArrowArrayStream, ArrowArrayStreamRelease>("stream", out);
}

arrow::Status FreeStruct(const std::string& kind, int64_t address) {
  Registry& registry = Shared();
  FreeFunction free = nullptr;
  {
    const std::lock_guard lock(registry.mutex);
    const auto found = registry.structs.find(address);
    if (found == registry.structs.end() || found->second.kind != kind) {
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected the address of an exported " + kind +
                           " that was not freed yet but received another");
    }
    free = found->second.free;
    registry.structs.erase(found);
  }
  free(reinterpret_cast<void*>(address));
  return arrow::Status::OK();
}

}  // namespace packed::binding
