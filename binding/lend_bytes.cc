#include "lend_bytes.h"

#include <cstring>
#include <memory>
#include <string>

#include "buffer_placer.h"
#include "field_path.h"
#include "flat_reader.h"
#include "packed/error.h"
#include "packed/memory.h"
#include "values.h"

namespace packed::binding {
namespace {

arrow::Result<FlatView> ReadOneView(Napi::Value value, const std::string& name) {
  if (!value.IsTypedArray() && !value.IsDataView()) {
    return Unexpected("a view of an ArrayBuffer", name, value);
  }
  FieldPath path;
  path.Push(name);
  return ReadView(value, path);
}

arrow::Result<FlatView> ReadTargetView(Napi::Value value) {
  ARROW_ASSIGN_OR_RAISE(FlatView view, ReadOneView(value, "dst"));
  if (MayLend(view)) return view;
  return MakeError(ErrorCode::kInvalidArgument,
                   "Expected memory of a fixed size that no thread shares for dst but received "
                   "other memory");
}

ByteRoom RoomOf(const FlatView& view) {
  return {const_cast<uint8_t*>(view.data), static_cast<size_t>(view.size)};
}

}  // namespace

arrow::Result<ByteView> ReadBytes(Napi::Value value, const char* name) {
  ARROW_ASSIGN_OR_RAISE(const FlatView view, ReadOneView(value, name));
  return RoomOf(view);
}

arrow::Result<std::optional<ByteRoom>> ReadTarget(Napi::Value value) {
  if (value.IsNull()) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(const FlatView view, ReadTargetView(value));
  return RoomOf(view);
}

arrow::Result<ByteView> LendBytes(Napi::Value value, const char* name, BorrowedMemory* memory) {
  ARROW_ASSIGN_OR_RAISE(const FlatView view, ReadOneView(value, name));
  if (view.size >= kLendBytes && MayLend(view)) {
    ARROW_RETURN_NOT_OK(memory->Borrow(view.array_buffer, view.base, view.size));
    return RoomOf(view);
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> copy,
                        arrow::AllocateBuffer(view.size, Pool()));
  if (view.size > 0) std::memcpy(copy->mutable_data(), view.data, view.size);
  memory->Keep(copy);
  return ByteView(copy->data(), copy->size());
}

arrow::Result<std::optional<ByteRoom>> LendTarget(Napi::Value value, BorrowedMemory* memory) {
  if (value.IsNull()) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(const FlatView view, ReadTargetView(value));
  ARROW_RETURN_NOT_OK(memory->Borrow(view.array_buffer, view.base, view.size));
  return RoomOf(view);
}

}  // namespace packed::binding
