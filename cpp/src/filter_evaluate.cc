#include "filter_evaluate.h"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "arrow/array/array_dict.h"
#include "arrow/extension_type.h"
#include "arrow/util/bit_util.h"
#include "arrow/util/checked_cast.h"
#include "arrow/util/float16.h"

#include "packed/error.h"

namespace packed {
namespace {

using arrow::internal::checked_cast;

/// Lists up to this long are compared one by one.
constexpr size_t kShortList = 8;

/// Bits of the rows whose value, as `get` has it, meets the condition. T is what it is compared as.
template <typename T, typename Operand, typename Get>
RowBits Compare(FilterOp op, const std::vector<Operand>& operands, int64_t rows, const Get& get) {
  if (op == FilterOp::kIn) {
    if (operands.size() <= kShortList) {
      return TestRows(rows, [&](int64_t row) {
        const T value = get(row);
        return std::any_of(operands.begin(), operands.end(),
                           [&](const Operand& operand) { return value == T(operand); });
      });
    }
    return TestRows(rows, [&](int64_t row) {
      return std::binary_search(operands.begin(), operands.end(), get(row), std::less<>());
    });
  }
  const T operand(operands.front());
  switch (op) {
    case FilterOp::kEqual:
      return TestRows(rows, [&](int64_t row) { return get(row) == operand; });
    case FilterOp::kNotEqual:
      return TestRows(rows, [&](int64_t row) { return get(row) != operand; });
    case FilterOp::kLess:
      return TestRows(rows, [&](int64_t row) { return get(row) < operand; });
    case FilterOp::kLessEqual:
      return TestRows(rows, [&](int64_t row) { return get(row) <= operand; });
    case FilterOp::kGreater:
      return TestRows(rows, [&](int64_t row) { return get(row) > operand; });
    default:
      return TestRows(rows, [&](int64_t row) { return get(row) >= operand; });
  }
}

template <typename Stored, typename T>
RowBits CompareNumbers(const BoundFilter& filter, const arrow::Array& array) {
  const Stored* const values = array.data()->GetValues<Stored>(1);
  return Compare<T>(filter.op, std::get<std::vector<T>>(filter.operands), array.length(),
                    [values](int64_t row) { return static_cast<T>(values[row]); });
}

RowBits CompareHalves(const BoundFilter& filter, const arrow::Array& array) {
  const auto* const values = array.data()->GetValues<uint16_t>(1);
  return Compare<double>(
      filter.op, std::get<std::vector<double>>(filter.operands), array.length(),
      [values](int64_t row) { return arrow::util::Float16::FromBits(values[row]).ToDouble(); });
}

RowBits CompareBooleans(const BoundFilter& filter, const arrow::Array& array) {
  const arrow::ArrayData& data = *array.data();
  const uint8_t* const bits = data.GetValues<uint8_t>(1, 0);
  return Compare<uint64_t>(filter.op, std::get<std::vector<uint64_t>>(filter.operands),
                           array.length(), [bits, offset = data.offset](int64_t row) {
                             return uint64_t{arrow::bit_util::GetBit(bits, offset + row)};
                           });
}

/// What a null row has in place of a value is not looked at: of views it may be anything.
template <typename Array>
RowBits CompareBytes(const BoundFilter& filter, const arrow::Array& array) {
  const auto& typed = checked_cast<const Array&>(array);
  const auto& operands = std::get<std::vector<std::string>>(filter.operands);
  const bool nulls = array.null_count() > 0;
  return Compare<std::string_view>(
      filter.op, operands, array.length(), [&typed, nulls](int64_t row) {
        return nulls && typed.IsNull(row) ? std::string_view() : typed.GetView(row);
      });
}

arrow::Result<RowBits> CompareArray(const BoundFilter& filter, const arrow::Array& array) {
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return CompareBooleans(filter, array);
    case arrow::Type::INT8:
      return CompareNumbers<int8_t, int64_t>(filter, array);
    case arrow::Type::INT16:
      return CompareNumbers<int16_t, int64_t>(filter, array);
    case arrow::Type::INT32:
    case arrow::Type::DATE32:
    case arrow::Type::TIME32:
      return CompareNumbers<int32_t, int64_t>(filter, array);
    case arrow::Type::INT64:
    case arrow::Type::DATE64:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DURATION:
      return CompareNumbers<int64_t, int64_t>(filter, array);
    case arrow::Type::UINT8:
      return CompareNumbers<uint8_t, uint64_t>(filter, array);
    case arrow::Type::UINT16:
      return CompareNumbers<uint16_t, uint64_t>(filter, array);
    case arrow::Type::UINT32:
      return CompareNumbers<uint32_t, uint64_t>(filter, array);
    case arrow::Type::UINT64:
      return CompareNumbers<uint64_t, uint64_t>(filter, array);
    case arrow::Type::HALF_FLOAT:
      return CompareHalves(filter, array);
    case arrow::Type::FLOAT:
      return CompareNumbers<float, double>(filter, array);
    case arrow::Type::DOUBLE:
      return CompareNumbers<double, double>(filter, array);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return CompareBytes<arrow::BinaryArray>(filter, array);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return CompareBytes<arrow::LargeBinaryArray>(filter, array);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return CompareBytes<arrow::BinaryViewArray>(filter, array);
    default:
      return MakeError(
          ErrorCode::kInternal,
          "Expected values to compare for a filter but received " + array.type()->ToString());
  }
}

arrow::Result<FilterMask> EvaluateLeaf(const BoundFilter& filter, const arrow::Array& array);

/// Each value of the dictionary is compared once, and what came of it spread over the rows.
arrow::Result<FilterMask> EvaluateDictionary(const BoundFilter& filter,
                                             const arrow::DictionaryArray& array) {
  ARROW_ASSIGN_OR_RAISE(const FilterMask values, EvaluateLeaf(filter, *array.dictionary()));
  const bool of_null = filter.op == FilterOp::kIsNull;
  const auto spread = [&array](const RowBits& bits, bool null) {
    const auto* const from = reinterpret_cast<const uint8_t*>(bits.data());
    return TestRows(array.length(), [&, from](int64_t row) {
      return array.IsNull(row) ? null : arrow::bit_util::GetBit(from, array.GetValueIndex(row));
    });
  };
  return FilterMask{spread(values.is_true, of_null), spread(values.is_false, false)};
}

arrow::Result<FilterMask> EvaluateLeaf(const BoundFilter& filter, const arrow::Array& array) {
  if (array.type_id() == arrow::Type::EXTENSION) {
    return EvaluateLeaf(filter, *checked_cast<const arrow::ExtensionArray&>(array).storage());
  }
  if (array.type_id() == arrow::Type::DICTIONARY) {
    return EvaluateDictionary(filter, checked_cast<const arrow::DictionaryArray&>(array));
  }
  const RowBits valid = ValidRows(*array.data());
  if (filter.op == FilterOp::kIsNull) {
    FilterMask mask{TestRows(array.length(), [](int64_t) { return true; }), valid};
    for (size_t i = 0; i < valid.size(); ++i) mask.is_true[i] &= ~valid[i];
    return mask;
  }
  if (array.type_id() == arrow::Type::NA) return FilterMask{valid, valid};
  ARROW_ASSIGN_OR_RAISE(RowBits tested, CompareArray(filter, array));
  return MaskOf(std::move(tested), valid);
}

}  // namespace

arrow::Result<FilterMask> EvaluateFilter(const BoundFilter& filter,
                                         const arrow::ArrayVector& columns, int64_t rows) {
  if (filter.column >= 0) return EvaluateLeaf(filter, *columns[filter.column]);
  ARROW_ASSIGN_OR_RAISE(FilterMask mask, EvaluateFilter(filter.args.front(), columns, rows));
  if (filter.op == FilterOp::kNot) mask.Not();
  for (size_t i = 1; i < filter.args.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const FilterMask other, EvaluateFilter(filter.args[i], columns, rows));
    filter.op == FilterOp::kAnd ? mask.And(other) : mask.Or(other);
  }
  return mask;
}

}  // namespace packed
