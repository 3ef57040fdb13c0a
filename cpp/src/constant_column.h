#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "arrow/array.h"
#include "arrow/result.h"
#include "arrow/scalar.h"

namespace packed {

/// \brief A column of one repeated value; batches get slices of one array that grows as needed.
class ConstantColumn {
 public:
  explicit ConstantColumn(std::shared_ptr<arrow::Scalar> value) : value_(std::move(value)) {}

  arrow::Result<std::shared_ptr<arrow::Array>> Slice(int64_t rows);

 private:
  std::shared_ptr<arrow::Scalar> value_;
  std::shared_ptr<arrow::Array> array_;
};

}  // namespace packed
