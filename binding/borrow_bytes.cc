#include "borrow_bytes.h"

#include <cstring>
#include <utility>

#include "buffer_placer.h"
#include "field_path.h"
#include "flat_reader.h"
#include "packed/memory.h"
#include "values.h"

namespace packed::binding {

arrow::Result<BorrowedBytes> BorrowBytes(Environment& environment, Napi::Value view,
                                         const std::string& name) {
  if (!view.IsTypedArray() && !view.IsDataView()) {
    return Unexpected("a view of an ArrayBuffer", name, view);
  }
  FieldPath path;
  path.Push(name);
  ARROW_ASSIGN_OR_RAISE(const FlatView flat, ReadView(view, path));
  BorrowedBytes borrowed;
  borrowed.memory = std::make_shared<BorrowedMemory>(environment.shared_from_this());
  if (flat.size >= kLendBytes && MayLend(flat)) {
    ARROW_RETURN_NOT_OK(borrowed.memory->Borrow(flat.array_buffer, flat.base, flat.size));
    borrowed.bytes = std::make_shared<arrow::Buffer>(flat.data, flat.size);
    return borrowed;
  }
  ARROW_ASSIGN_OR_RAISE(borrowed.bytes, arrow::AllocateBuffer(flat.size, Pool()));
  if (flat.size > 0) {
    std::memcpy(borrowed.bytes->mutable_data(), flat.data, static_cast<size_t>(flat.size));
  }
  return borrowed;
}

}  // namespace packed::binding
