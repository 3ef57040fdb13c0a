#pragma once

// Filters, and tables of cells that an evaluator of its own judges row by row.

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "arrow/api.h"

#include "packed/filter.h"
#include "reader_support.h"

namespace packed::test {

Filter Where(const std::string& column, FilterOp op, FilterValue value);
Filter In(const std::string& column, std::vector<FilterValue> values);
Filter IsNull(const std::string& column);
Filter AllOf(std::vector<Filter> args);
Filter AnyOf(std::vector<Filter> args);
Filter NoneOf(Filter arg);

/// Options of a lenient reader with a filter; no columns = all.
ReaderOptions Filtered(Filter filter, std::vector<ColumnRef> columns = {});

/// The values of a column of int64 without nulls.
std::vector<int64_t> NumbersOf(const arrow::Table& table, const std::string& name);

/// Null where it has nothing.
using Cell = std::optional<FilterValue>;

struct CellColumn {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  std::vector<Cell> cells;
};

/// \brief What `filter` is for a row, by SQL's definition of each word; nothing = null.
std::optional<bool> Judge(const Filter& filter, const std::vector<CellColumn>& columns,
                          int64_t row);

/// \brief Rows for which it is true.
std::vector<int64_t> RowsWhere(const Filter& filter, const std::vector<CellColumn>& columns);

std::shared_ptr<arrow::Array> ArrayOf(const CellColumn& column);

/// \brief A column of every kind, of values that lie close together where their rows do, with
/// nulls, extremes, NaN and -0 among them.
std::vector<CellColumn> DrawColumns(std::mt19937* random, int64_t rows);

/// \brief A filter over such columns, whose values are often those of a row.
Filter DrawFilter(std::mt19937* random, const std::vector<CellColumn>& columns, int depth = 3);

}  // namespace packed::test
