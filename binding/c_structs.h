#pragma once

#include "arrow/c/abi.h"
#include "arrow/c/helpers.h"

namespace packed::binding {

/// \brief Owns the contents of a C struct of the Arrow interfaces; releases them once.
template <typename Struct, void (*kRelease)(Struct*)>
class CStruct {
 public:
  CStruct() = default;
  ~CStruct() { kRelease(&value_); }
  CStruct(CStruct&& other) noexcept : value_(other.value_) { other.value_.release = nullptr; }
  CStruct& operator=(CStruct&&) = delete;

  /// For functions that fill the struct, or take its contents over.
  Struct* get() { return &value_; }
  Struct* operator->() { return &value_; }

  /// \brief Move the contents into `target`, which must be empty.
  void MoveTo(Struct* target) {
    *target = value_;
    value_.release = nullptr;
  }

 private:
  Struct value_{};
};

using OwnedArray = CStruct<ArrowArray, ArrowArrayRelease>;
using OwnedSchema = CStruct<ArrowSchema, ArrowSchemaRelease>;

}  // namespace packed::binding
