#include "buffer_placer.h"

#include "packed/error.h"

namespace packed::binding {

arrow::Status FieldMismatch(const FieldPath& path, const std::string& expected, int64_t received) {
  const std::string field = path.ToString();
  return MakeError(ErrorCode::kInvalidData,
                   "Expected " + expected + " for field '" + field + "' but received " +
                       std::to_string(received),
                   {{}, field});
}

arrow::Status BufferPlacer::PlaceBytes(const FieldPath& path, const FlatView& view, int64_t bytes,
                                       int64_t alignment, bool nothing_valid, const void** slot) {
  if (bytes == 0) return PlaceZeros(1, slot);
  if (view.size < bytes) {
    if (nothing_valid) return PlaceZeros(bytes, slot);
    return FieldMismatch(path, "a buffer of at least " + std::to_string(bytes) + " bytes",
                         view.size);
  }
  const auto address = reinterpret_cast<uintptr_t>(view.data);
  const bool aligned = address % static_cast<uintptr_t>(alignment) == 0;
  if (copy_ || bytes < kLendBytes || !aligned || !MayLend(view)) {
    copies_.AddBytes(view.data, bytes, slot);
    return arrow::Status::OK();
  }
  *slot = view.data;
  return memory_->Borrow(view.array_buffer, view.base, bytes);
}

arrow::Status BufferPlacer::PlaceBits(const FieldPath& path, const FlatView& view, int64_t first,
                                      int64_t bits, bool nothing_valid, const void** slot) {
  const int64_t bytes = (bits + 7) / 8;
  const bool complete = view.size >= (first + bits + 7) / 8;
  if (complete && first % 8 != 0) {
    copies_.AddBits(view.data, first, bits, slot);
    return arrow::Status::OK();
  }
  FlatView from_first = view;
  from_first.data += complete ? first / 8 : 0;
  from_first.size = complete ? view.size - first / 8 : 0;
  return PlaceBytes(path, from_first, bytes, 1, nothing_valid, slot);
}

arrow::Status BufferPlacer::PlaceZeros(int64_t bytes, const void** slot) {
  ARROW_ASSIGN_OR_RAISE(auto zeros, SharedZeros(bytes));
  *slot = zeros->data();
  memory_->Keep(std::move(zeros));
  return arrow::Status::OK();
}

arrow::Status BufferPlacer::Run() {
  ARROW_ASSIGN_OR_RAISE(auto arena, copies_.Run());
  if (arena != nullptr) memory_->Keep(std::move(arena));
  return arrow::Status::OK();
}

}  // namespace packed::binding
