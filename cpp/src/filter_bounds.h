#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "arrow/array.h"

#include "filter_bind.h"
#include "projection.h"

namespace packed {

/// No value is below `least` or above `most`, where these are known.
template <typename T>
struct Limits {
  std::optional<T> least;
  std::optional<T> most;
};

/// What statistics say of the values that some rows have in a column.
struct ColumnBounds {
  bool may_be_null = true;
  bool may_have_value = true;
  bool may_be_nan = false;  ///< limits are those of the other values
  /// Of the type that operands have; nothing where nothing is known.
  std::variant<std::monostate, Limits<int64_t>, Limits<uint64_t>, Limits<double>,
               Limits<std::string>>
      limits;
  /// The value of all these rows, where it is known: an array of one.
  std::shared_ptr<arrow::Array> value;
};

/// \brief What the footer says of the values of a row group in a column of the answer.
///
/// Statistics count where Parquet defines their order, their values are those of the column
/// (neither converted nor in another unit), and they are whole: others are taken for absent.
ColumnBounds BoundsOf(const FileProjection& file, int slot, int row_group);

}  // namespace packed
