#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "arrow/result.h"
#include "arrow/type.h"

#include "packed/filter.h"

namespace packed {

/// What the values of a column are to a filter; `operands` of their conditions are of that type.
enum class FilterKind {
  kNull,      ///< of a column that has nothing but nulls, compared with anything
  kSigned,    ///< int64
  kUnsigned,  ///< uint64
  kBoolean,   ///< uint64, 0 or 1
  kFloat,     ///< double, exact for every width
  kBytes,     ///< std::string
  kOther,     ///< which can only be null or not
};

/// \brief The kind of a column; of a dictionary that of its values, of an extension its storage's.
FilterKind FilterKindOf(const arrow::DataType& type);

/// What a column is compared with, one for a comparison. Of kIn ascending, none twice, no NaN.
using FilterOperands = std::variant<std::monostate, std::vector<int64_t>, std::vector<uint64_t>,
                                    std::vector<double>, std::vector<std::string>>;

/// A filter that is checked against the columns that it is about.
struct BoundFilter {
  FilterOp op = FilterOp::kAnd;
  std::vector<BoundFilter> args;
  int column = -1;  ///< of the schema it was bound to
  FilterOperands operands;
};

/// \brief Check a filter against the columns that it names, each of which is there once.
///
/// kInvalidArgument: a filter of the wrong form, an unknown column. kTypeMismatch naming the
/// column: a value of another kind than the column's, a column without values to compare.
arrow::Result<BoundFilter> BindFilter(const Filter& filter, const arrow::Schema& columns);

}  // namespace packed
