#include "record_schema.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "arrow/array/data.h"
#include "arrow/extension_type.h"
#include "arrow/type_traits.h"
#include "arrow/util/checked_cast.h"
#include "arrow/util/key_value_metadata.h"

#include "packed/error.h"
#include "packed/format.h"

namespace packed {
namespace {

using arrow::DataType;
using arrow::Field;
using arrow::internal::checked_cast;

/// The type below extensions; lives as long as `type`.
const DataType* StorageOf(const DataType* type) {
  while (type->id() == arrow::Type::EXTENSION) {
    type = checked_cast<const arrow::ExtensionType*>(type)->storage_type().get();
  }
  return type;
}

/// Whether names of children tell what they are, and not only what somebody calls list items.
bool NamesCount(arrow::Type::type id) { return id == arrow::Type::STRUCT || arrow::is_union(id); }

/// What two types of one id have besides their children.
bool SameParameters(const DataType& left, const DataType& right) {
  if (left.id() == arrow::Type::FIXED_SIZE_LIST) {
    return checked_cast<const arrow::FixedSizeListType&>(left).list_size() ==
           checked_cast<const arrow::FixedSizeListType&>(right).list_size();
  }
  if (arrow::is_union(left.id())) {
    return checked_cast<const arrow::UnionType&>(left).type_codes() ==
           checked_cast<const arrow::UnionType&>(right).type_codes();
  }
  return true;
}

bool SameStorage(const DataType& left_type, const DataType& right_type) {
  const DataType& left = *StorageOf(&left_type);
  const DataType& right = *StorageOf(&right_type);
  if (left.id() != right.id()) return false;
  if (left.id() == arrow::Type::DICTIONARY) {
    const auto& indices = checked_cast<const arrow::DictionaryType&>(left);
    const auto& others = checked_cast<const arrow::DictionaryType&>(right);
    return indices.index_type()->Equals(others.index_type()) &&
           SameStorage(*indices.value_type(), *others.value_type());
  }
  if (left.num_fields() != right.num_fields() || !SameParameters(left, right)) return false;
  if (left.num_fields() == 0) return arrow::is_nested(left.id()) || left.Equals(right);
  for (int i = 0; i < left.num_fields(); ++i) {
    const Field& child = *left.field(i);
    const Field& other = *right.field(i);
    if (NamesCount(left.id()) && child.name() != other.name()) return false;
    if (!SameStorage(*child.type(), *other.type())) return false;
  }
  return true;
}

/// The same buffers under a type that SameStorage found to be the same.
std::shared_ptr<arrow::ArrayData> Retyped(const arrow::ArrayData& data,
                                          const std::shared_ptr<DataType>& type) {
  auto copy = std::make_shared<arrow::ArrayData>(data);
  copy->type = type;
  const DataType& storage = *StorageOf(type.get());
  if (storage.id() == arrow::Type::DICTIONARY) {
    const auto& values = checked_cast<const arrow::DictionaryType&>(storage).value_type();
    if (copy->dictionary) copy->dictionary = Retyped(*copy->dictionary, values);
    return copy;
  }
  for (int i = 0; i < storage.num_fields(); ++i) {
    copy->child_data[i] = Retyped(*copy->child_data[i], storage.field(i)->type());
  }
  return copy;
}

arrow::Result<std::optional<int64_t>> IdOf(const Field& field) {
  if (!field.HasMetadata() || !field.metadata()->Contains(kFieldIdKey)) {
    return std::optional<int64_t>();
  }
  ARROW_ASSIGN_OR_RAISE(const int64_t id, FieldIdOf(field));
  return std::optional<int64_t>(id);
}

arrow::Status Mismatch(ErrorCode code, const std::string& expected, const std::string& name,
                       const std::string& received) {
  return MakeError(
      code,
      "Expected " + expected + " for field '" + name + "' of a record but received " + received,
      {"", name});
}

arrow::Status CheckField(const Field& stored, const Field& field, bool lenient) {
  const std::string& name = field.name();
  if (!SameStorage(*stored.type(), *field.type())) {
    return Mismatch(ErrorCode::kTypeMismatch, field.type()->ToString(), name,
                    stored.type()->ToString());
  }
  ARROW_ASSIGN_OR_RAISE(const auto expected, IdOf(field));
  if (!expected) return arrow::Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto received, IdOf(stored));
  if (received == expected || (lenient && !received)) return arrow::Status::OK();
  return Mismatch(ErrorCode::kInvalidSchema, "field id " + std::to_string(*expected), name,
                  received ? std::to_string(*received) : "none");
}

}  // namespace

arrow::Result<std::vector<int>> MatchRecord(const arrow::Schema& record,
                                            const arrow::Schema& schema, bool lenient) {
  std::vector<int> columns;
  for (const auto& field : schema.fields()) {
    const int index = record.GetFieldIndex(field->name());
    if (index < 0) {
      return Mismatch(ErrorCode::kInvalidSchema, "one column", field->name(), "none or several");
    }
    ARROW_RETURN_NOT_OK(CheckField(*record.field(index), *field, lenient));
    columns.push_back(index);
  }
  for (int i = 0; i < record.num_fields(); ++i) {
    if (std::find(columns.begin(), columns.end(), i) != columns.end()) continue;
    return Mismatch(ErrorCode::kInvalidSchema, "no column", record.field(i)->name(),
                    "one that the schema does not have");
  }
  return columns;
}

std::shared_ptr<arrow::RecordBatch> TakeColumns(const arrow::RecordBatch& record,
                                                const std::vector<int>& columns,
                                                const std::shared_ptr<arrow::Schema>& schema) {
  arrow::ArrayDataVector taken;
  for (size_t i = 0; i < columns.size(); ++i) {
    taken.push_back(
        Retyped(*record.column_data(columns[i]), schema->field(static_cast<int>(i))->type()));
  }
  return arrow::RecordBatch::Make(schema, record.num_rows(), std::move(taken));
}

}  // namespace packed
