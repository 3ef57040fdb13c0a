#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace packed {

enum class FilterOp {
  kAnd,
  kOr,
  kNot,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kIsNull,
};

/// Of booleans a bool; of integers, dates and times (in their own unit) an int64, or a uint64
/// beyond it; of floats a double; of text and binary columns the bytes.
using FilterValue = std::variant<bool, int64_t, uint64_t, double, std::string>;

/// Filters in filters in filters: deeper ones are kInvalidArgument.
inline constexpr int kMostFilterDepth = 256;

/// \brief Which rows are wanted, by the values of columns.
///
/// SQL's logic of three values: a comparison with null is null, and, or and not are Kleene's, and
/// a row stays where the whole is true. Integers compare exactly, floats as IEEE 754 does (NaN
/// equals nothing and is in no order, != with NaN is true, -0 equals 0), text by its bytes, which
/// is by code points.
struct Filter {
  FilterOp op = FilterOp::kAnd;
  std::vector<Filter> args;         ///< kAnd, kOr: at least one; kNot: one
  std::string column;               ///< of the others
  std::vector<FilterValue> values;  ///< comparisons: one; kIn: any number, of none it is false
};

/// What a reader has read, left unread and left out so far.
struct FilterStats {
  int64_t row_groups_read = 0;     ///< of all files, begun
  int64_t row_groups_skipped = 0;  ///< of all files: no row of them can be in the answer
  int64_t rows_read = 0;
  int64_t rows_skipped = 0;   ///< not read: statistics prove that none is in the answer
  int64_t rows_filtered = 0;  ///< read and left out by the filter
};

/// The same while it is counted, by whichever thread.
struct FilterMeter {
  std::atomic<int64_t> row_groups_read{0};
  std::atomic<int64_t> row_groups_skipped{0};
  std::atomic<int64_t> rows_read{0};
  std::atomic<int64_t> rows_skipped{0};
  std::atomic<int64_t> rows_filtered{0};

  FilterStats Read() const;
};

/// \brief The columns that a filter names, each once.
std::vector<std::string> ColumnsOf(const Filter& filter);

}  // namespace packed
