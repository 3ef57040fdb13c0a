#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "arrow/array/data.h"
#include "arrow/result.h"
#include "arrow/type.h"

namespace packed {

/// One line of the table of types that a read schema may ask for.
struct RestoreRule {
  std::string_view stored;     ///< type that the file has
  std::string_view requested;  ///< types of the read schema that it can become
  std::string_view how;        ///< what happens to the memory, and what makes it fail
};

/// \brief What Parquet flattened and a read schema can bring back; the page of the docs on
/// types is made from it. Every pair that is not here is kTypeMismatch at open.
inline constexpr std::array<RestoreRule, 16> kRestoreRules{{
    {"any type", "the same type", "as decoded"},
    {"utf8, large_utf8, utf8_view", "any of utf8, large_utf8, utf8_view", "offsets converted"},
    {"utf8, large_utf8, utf8_view", "binary, large_binary, binary_view", "offsets converted"},
    {"binary, large_binary, binary_view", "any of binary, large_binary, binary_view",
     "offsets converted"},
    {"binary, large_binary, binary_view", "utf8, large_utf8, utf8_view",
     "InvalidData where a value is not UTF-8"},
    {"binary", "fixed_size_binary(n), fixed_size_list<T>(n)",
     "copied; InvalidData where a value has another length"},
    {"fixed_size_binary(w * n)", "fixed_size_list<T>(n), T a number of w bytes", "no copy"},
    {"fixed_size_binary(2)", "float16 (and back)", "no copy"},
    {"list<T>, large_list<T>", "fixed_size_list<U>(n), T restorable as U",
     "InvalidData where a list has another length"},
    {"list, large_list", "list, large_list", "offsets converted, items by this table"},
    {"fixed_size_list, struct, map", "the same shape", "children by this table"},
    {"timestamp(unit, zone)", "timestamp(any unit, any zone); both or neither have a zone",
     "InvalidData where a value does not fit the unit"},
    {"time32, time64; date32", "time32, time64 of any unit; date64",
     "InvalidData where a value does not fit the unit"},
    {"int64", "duration(any unit); uint32",
     "duration: no copy; uint32: InvalidData where a value does not fit"},
    {"decimal of any width", "decimal of any width, equal scale and precision", "widened or cut"},
    {"T, dictionary<T>", "dictionary<U> or U, T restorable as U; extension over it",
     "encoded or decoded per step; the storage relabelled"},
}};

/// \brief Turns one decoded array into the requested type; empty = nothing to do. Pure:
/// callable from several threads at once.
using Restore = std::function<arrow::Result<std::shared_ptr<arrow::ArrayData>>(
    const std::shared_ptr<arrow::ArrayData>&)>;

/// \brief How `stored` becomes `requested`; nullopt when the table has no such line.
std::optional<Restore> FindRestore(const std::shared_ptr<arrow::DataType>& stored,
                                   const std::shared_ptr<arrow::DataType>& requested);

/// \brief The type of a dense vector column under VectorForm::kFixedSizeList: float32 items for
/// a fixed_size_binary of 4 * n bytes, nullptr when the width does not allow it.
std::shared_ptr<arrow::DataType> VectorListType(const arrow::FixedSizeBinaryType& stored);

}  // namespace packed
