#include "batch_check.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "arrow/array.h"
#include "arrow/extension_type.h"
#include "arrow/util/checked_cast.h"

#include "dense_vector.h"
#include "packed/error.h"
#include "packed/executor.h"
#include "text_check.h"

namespace packed {
namespace {

using arrow::Array;
using arrow::DataType;
using arrow::Field;
using arrow::Status;
using arrow::internal::checked_cast;

/// Fewer are checked before another thread wakes up.
constexpr int64_t kRowsWorthThreads = 4096;

/// Which rows of an array are reached from a top-level row; empty = all of them.
using LiveRows = std::vector<bool>;

bool IsLive(const LiveRows& live, int64_t row) { return live.empty() || live[row]; }

std::shared_ptr<DataType> StorageOf(const std::shared_ptr<DataType>& type) {
  if (type->id() != arrow::Type::EXTENSION) return type;
  return StorageOf(checked_cast<const arrow::ExtensionType&>(*type).storage_type());
}

/// Whether any required field, at any depth, has nulls at all; they may still be unreachable.
bool HasRequiredNulls(bool nullable, const std::shared_ptr<DataType>& type,
                      const arrow::ArrayData& data) {
  const auto storage_type = StorageOf(type);
  const DataType& storage = *storage_type;
  if (!nullable && (storage.id() == arrow::Type::NA ? data.length : data.GetNullCount()) > 0) {
    return true;
  }
  if (storage.id() == arrow::Type::DICTIONARY) {
    const auto& values = checked_cast<const arrow::DictionaryType&>(storage).value_type();
    return HasRequiredNulls(nullable, values, *data.dictionary);
  }
  for (int i = 0; i < storage.num_fields(); ++i) {
    const Field& child = *storage.field(i);
    if (HasRequiredNulls(child.nullable(), child.type(), *data.child_data[i])) return true;
  }
  return false;
}

Status CheckRequired(const Field& field, const Array& array, const LiveRows& live,
                     const std::string& path);

/// Marks the child rows that live rows of a list reach. `Lists` has value_offset/value_length.
template <typename Lists>
LiveRows LiveElements(const Lists& lists, const LiveRows& live, int64_t child_length) {
  LiveRows elements(child_length, false);
  for (int64_t i = 0; i < lists.length(); ++i) {
    if (!IsLive(live, i) || lists.IsNull(i)) continue;
    const int64_t start = lists.value_offset(i);
    std::fill_n(elements.begin() + start, lists.value_length(i), true);
  }
  return elements;
}

template <typename Lists>
Status CheckElements(const Array& array, const LiveRows& live, const std::string& path) {
  const auto& lists = checked_cast<const Lists&>(array);
  const auto& values = *lists.values();
  const auto& field = *array.type()->field(0);
  return CheckRequired(field, values, LiveElements(lists, live, values.length()),
                       path + "." + field.name());
}

Status CheckStruct(const Array& array, const LiveRows& live, const std::string& path) {
  const auto& rows = checked_cast<const arrow::StructArray&>(array);
  LiveRows present(rows.length());
  for (int64_t i = 0; i < rows.length(); ++i) present[i] = IsLive(live, i) && rows.IsValid(i);
  for (int i = 0; i < rows.num_fields(); ++i) {
    const auto& field = *array.type()->field(i);
    ARROW_RETURN_NOT_OK(CheckRequired(field, *rows.field(i), present, path + "." + field.name()));
  }
  return Status::OK();
}

Status CheckChildren(const Array& array, const LiveRows& live, const std::string& path) {
  switch (array.type_id()) {
    case arrow::Type::STRUCT:
      return CheckStruct(array, live, path);
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return CheckElements<arrow::ListArray>(array, live, path);
    case arrow::Type::LARGE_LIST:
      return CheckElements<arrow::LargeListArray>(array, live, path);
    case arrow::Type::LIST_VIEW:
      return CheckElements<arrow::ListViewArray>(array, live, path);
    case arrow::Type::LARGE_LIST_VIEW:
      return CheckElements<arrow::LargeListViewArray>(array, live, path);
    case arrow::Type::FIXED_SIZE_LIST:
      return CheckElements<arrow::FixedSizeListArray>(array, live, path);
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = checked_cast<const arrow::DictionaryArray&>(array);
      return CheckChildren(*dictionary.dictionary(), {}, path);
    }
    case arrow::Type::EXTENSION:
      return CheckChildren(*checked_cast<const arrow::ExtensionArray&>(array).storage(), live,
                           path);
    default:
      return Status::OK();
  }
}

bool IsLogicalNull(const Array& array, int64_t row) {
  if (array.type_id() == arrow::Type::NA || array.IsNull(row)) return true;
  if (array.type_id() != arrow::Type::DICTIONARY) return false;
  const auto& dictionary = checked_cast<const arrow::DictionaryArray&>(array);
  return IsLogicalNull(*dictionary.dictionary(), dictionary.GetValueIndex(row));
}

Status CheckRequired(const Field& field, const Array& array, const LiveRows& live,
                     const std::string& path) {
  if (!field.nullable() && array.ComputeLogicalNullCount() > 0) {
    for (int64_t i = 0; i < array.length(); ++i) {
      if (!IsLive(live, i) || !IsLogicalNull(array, i)) continue;
      return MakeError(
          ErrorCode::kInvalidData,
          "Expected values for the non-nullable field '" + path + "' but received a null",
          {"", path});
    }
  }
  return CheckChildren(array, live, path);
}

/// The array that holds the values, below extensions and dictionaries.
std::shared_ptr<Array> PlainArray(const std::shared_ptr<Array>& array) {
  switch (array->type_id()) {
    case arrow::Type::DICTIONARY:
      return PlainArray(checked_cast<const arrow::DictionaryArray&>(*array).dictionary());
    case arrow::Type::EXTENSION:
      return PlainArray(checked_cast<const arrow::ExtensionArray&>(*array).storage());
    default:
      return array;
  }
}

Status CheckValid(const Field& field, const Array& array) {
  const Status valid = ValidateColumn(array);
  if (valid.ok()) return Status::OK();
  const std::string& name = field.name();
  return MakeError(
      ErrorCode::kInvalidData,
      "Expected valid Arrow data for field '" + name + "' but received: " + valid.message(),
      {"", name});
}

Status CheckNullsOf(const Field& field, const Array& array) {
  if (!HasRequiredNulls(field.nullable(), array.type(), *array.data())) return Status::OK();
  return CheckRequired(field, array, {}, field.name());
}

Status CheckColumn(const ColumnPlan& column, const std::shared_ptr<Array>& array) {
  ARROW_RETURN_NOT_OK(CheckValid(*column.declared, *array));
  ARROW_RETURN_NOT_OK(CheckNullsOf(*column.declared, *array));
  if (!column.dense_vector) return Status::OK();
  return CheckDenseVectors(*column.declared, *PlainArray(array), *column.stored->type());
}

}  // namespace

arrow::Status CheckBatchShape(const arrow::Schema& schema, const arrow::RecordBatch& batch) {
  if (batch.num_columns() != schema.num_fields()) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected a batch of " + std::to_string(schema.num_fields()) +
                         " columns but received " + std::to_string(batch.num_columns()));
  }
  for (int i = 0; i < schema.num_fields(); ++i) {
    const Field& expected = *schema.field(i);
    const std::string& name = expected.name();
    if (batch.column_name(i) != name) {
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected field '" + name + "' as column " + std::to_string(i) +
                           " of the batch but received '" + batch.column_name(i) + "'",
                       {"", name});
    }
    const auto data = batch.column_data(i);
    if (!data->type->Equals(*expected.type())) {
      return MakeError(ErrorCode::kTypeMismatch,
                       "Expected " + expected.type()->ToString() + " for field '" + name +
                           "' but received " + data->type->ToString(),
                       {"", name});
    }
    if (data->length != batch.num_rows()) {
      return MakeError(ErrorCode::kInvalidData,
                       "Expected " + std::to_string(batch.num_rows()) + " rows for field '" + name +
                           "' but received " + std::to_string(data->length),
                       {"", name});
    }
  }
  return Status::OK();
}

Status CheckBatch(const WritePlan& plan, const arrow::RecordBatch& batch, int concurrency) {
  ARROW_RETURN_NOT_OK(CheckBatchShape(*plan.schema, batch));
  return CheckColumns(plan, batch.columns(), batch.num_rows(), concurrency);
}

Status CheckColumns(const WritePlan& plan, const arrow::ArrayVector& arrays, int64_t rows,
                    int concurrency) {
  std::vector<const ColumnPlan*> columns;
  for (const auto& group : plan.groups) {
    for (const auto& column : group.columns) {
      if (arrays[column.index]) columns.push_back(&column);
    }
  }
  const int threads = rows < kRowsWorthThreads ? 1 : concurrency;
  return ParallelFor(static_cast<int>(columns.size()), threads,
                     [&](int i) { return CheckColumn(*columns[i], arrays[columns[i]->index]); });
}

Status CheckBatch(const arrow::Schema& schema, const arrow::RecordBatch& batch) {
  ARROW_RETURN_NOT_OK(CheckBatchShape(schema, batch));
  for (int i = 0; i < batch.num_columns(); ++i) {
    ARROW_RETURN_NOT_OK(CheckValid(*schema.field(i), *batch.column(i)));
  }
  return CheckNulls(batch);
}

Status CheckNulls(const arrow::RecordBatch& batch) {
  for (int i = 0; i < batch.num_columns(); ++i) {
    ARROW_RETURN_NOT_OK(CheckNullsOf(*batch.schema()->field(i), *batch.column(i)));
  }
  return Status::OK();
}

}  // namespace packed
