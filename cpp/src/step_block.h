#pragma once

#include <cstdint>
#include <memory>

#include "arrow/buffer.h"
#include "arrow/result.h"

namespace packed {

/// \brief Memory for the values of the columns that a step decodes: narrow ones get parts of one
/// allocation, so that whoever hands them out hands out one piece of memory and not hundreds.
///
/// A column that is kept keeps the block, so wide ones get memory of their own. One thread.
class StepBlock {
 public:
  /// Expect a column whose values take `bytes`; every one before the first Take.
  void Expect(int64_t bytes);

  /// \brief Room for the values of a column, not filled; of its own where it was not expected.
  arrow::Result<std::shared_ptr<arrow::Buffer>> Take(int64_t bytes);

 private:
  int columns_ = 0;
  int64_t expected_bytes_ = 0;
  int64_t taken_bytes_ = 0;
  std::shared_ptr<arrow::Buffer> block_;
};

}  // namespace packed
