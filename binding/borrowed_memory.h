#pragma once

#include <memory>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/status.h"

#include "environment.h"
#include "napi_setup.h"

namespace packed::binding {

/// \brief Keeps the memory of one imported batch: JavaScript's by reference, native by ownership.
///
/// Made on the JS thread. Destroyed on whatever thread drops the last array over it: the
/// destructor hands the references to the environment, which deletes them on the JS thread.
class BorrowedMemory {
 public:
  explicit BorrowedMemory(std::shared_ptr<Environment> environment)
      : environment_(std::move(environment)) {}
  ~BorrowedMemory();
  BorrowedMemory(const BorrowedMemory&) = delete;
  BorrowedMemory& operator=(const BorrowedMemory&) = delete;

  /// \brief Borrow `bytes` of an ArrayBuffer that starts at `base`. JS thread.
  ///
  /// One reference per distinct ArrayBuffer. A reference keeps the object, not its memory:
  /// JavaScript can still detach it, which `CheckAttached` tells afterwards. Memory that is
  /// natively owned anyway is held itself and cannot go away.
  arrow::Status Borrow(Napi::Value array_buffer, const void* base, int64_t bytes);

  /// \brief Keep native memory that the arrays point into.
  void Keep(std::shared_ptr<arrow::Buffer> memory) { owned_.push_back(std::move(memory)); }

  /// \brief kDetached when JavaScript took a borrowed buffer away meanwhile. JS thread.
  arrow::Status CheckAttached() const;

 private:
  const std::shared_ptr<Environment> environment_;
  int64_t bytes_ = 0;
  std::vector<const void*> bases_;
  std::vector<napi_ref> references_;
  std::vector<std::shared_ptr<arrow::Buffer>> owned_;
};

/// \brief At least `bytes` of zeros, shared by the whole process; for buffers that JavaScript
/// never made because nothing in them is valid. Any thread.
arrow::Result<std::shared_ptr<arrow::Buffer>> SharedZeros(int64_t bytes);

}  // namespace packed::binding
