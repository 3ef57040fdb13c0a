#include "read_type.h"

#include <utility>
#include <vector>

#include "arrow/array.h"
#include "arrow/array/array_dict.h"
#include "arrow/array/builder_binary.h"
#include "arrow/compute/api_vector.h"
#include "arrow/compute/cast.h"
#include "arrow/compute/exec.h"
#include "arrow/extension_type.h"
#include "arrow/type_traits.h"
#include "arrow/util/checked_cast.h"

#include "packed/memory.h"

namespace packed {
namespace {

using arrow::ArrayData;
using arrow::DataType;
using arrow::Type;
using arrow::internal::checked_cast;
using ArrayDataPtr = std::shared_ptr<ArrayData>;
using TypePtr = std::shared_ptr<DataType>;

arrow::Result<ArrayDataPtr> Relabelled(const ArrayDataPtr& data, const TypePtr& type) {
  ArrayDataPtr copy = data->Copy();
  copy->type = type;
  return copy;
}

Restore RelabelAs(TypePtr type) {
  return [type = std::move(type)](const ArrayDataPtr& data) { return Relabelled(data, type); };
}

/// Arrow's own safe cast: it fails where a value would change.
Restore CastTo(TypePtr type) {
  return [type = std::move(type)](const ArrayDataPtr& data) -> arrow::Result<ArrayDataPtr> {
    arrow::compute::ExecContext context(Pool());
    context.set_use_threads(false);
    ARROW_ASSIGN_OR_RAISE(auto cast,
                          arrow::compute::Cast(arrow::Datum(data), type,
                                               arrow::compute::CastOptions::Safe(), &context));
    return cast.array();
  };
}

/// The indices fit or the read fails: a step may meet more values than int8 can number.
Restore EncodeAs(TypePtr type) {
  return [type = std::move(type)](const ArrayDataPtr& data) -> arrow::Result<ArrayDataPtr> {
    arrow::compute::ExecContext context(Pool());
    context.set_use_threads(false);
    ARROW_ASSIGN_OR_RAISE(
        auto encoded,
        arrow::compute::DictionaryEncode(
            arrow::Datum(data), arrow::compute::DictionaryEncodeOptions::Defaults(), &context));
    const arrow::DictionaryArray array(encoded.array());
    const auto& wanted = checked_cast<const arrow::DictionaryType&>(*type);
    ARROW_ASSIGN_OR_RAISE(auto indices, CastTo(wanted.index_type())(array.indices()->data()));
    ArrayDataPtr relabelled = indices->Copy();
    relabelled->type = type;
    relabelled->dictionary = array.dictionary()->data();
    return relabelled;
  };
}

/// Values that can be told apart by hashing their bytes.
bool CanEncode(const DataType& values) {
  return arrow::is_primitive(values.id()) || arrow::is_base_binary_like(values.id()) ||
         arrow::is_fixed_size_binary(values.id());
}

Restore Chain(Restore first, Restore second) {
  if (!first) return second;
  if (!second) return first;
  return [first = std::move(first),
          second = std::move(second)](const ArrayDataPtr& data) -> arrow::Result<ArrayDataPtr> {
    ARROW_ASSIGN_OR_RAISE(auto between, first(data));
    return second(between);
  };
}

bool IsText(Type::type id) {
  return id == Type::STRING || id == Type::LARGE_STRING || id == Type::STRING_VIEW;
}

bool IsBytes(Type::type id) {
  return id == Type::BINARY || id == Type::LARGE_BINARY || id == Type::BINARY_VIEW;
}

bool IsVarList(Type::type id) { return id == Type::LIST || id == Type::LARGE_LIST; }

bool IsTime(Type::type id) { return id == Type::TIME32 || id == Type::TIME64; }

bool HasZone(const DataType& type) {
  return !checked_cast<const arrow::TimestampType&>(type).timezone().empty();
}

bool SameDecimal(const DataType& stored, const DataType& requested) {
  const auto& from = checked_cast<const arrow::DecimalType&>(stored);
  const auto& to = checked_cast<const arrow::DecimalType&>(requested);
  return from.precision() == to.precision() && from.scale() == to.scale();
}

/// Byte width of the numbers that a dense vector may consist of; 0 for anything else.
int32_t ItemBytes(const DataType& type) {
  if (!arrow::is_integer(type.id()) && !arrow::is_floating(type.id())) return 0;
  return checked_cast<const arrow::FixedWidthType&>(type).bit_width() / 8;
}

/// The bytes stay where they are; only the child array that looks at them is new.
Restore SplitFixed(TypePtr type) {
  return [type = std::move(type)](const ArrayDataPtr& data) -> arrow::Result<ArrayDataPtr> {
    const auto& list = checked_cast<const arrow::FixedSizeListType&>(*type);
    const int64_t items = list.list_size();
    auto values = ArrayData::Make(list.value_type(), (data->offset + data->length) * items,
                                  {nullptr, data->buffers[1]}, /*null_count=*/0);
    return ArrayData::Make(type, data->length, {data->buffers[0]}, {std::move(values)},
                           data->null_count.load(), data->offset);
  };
}

/// Nullable dense vectors are stored as plain binary by Milvus.
Restore BinaryToFixed(TypePtr fixed) {
  return [fixed = std::move(fixed)](const ArrayDataPtr& data) -> arrow::Result<ArrayDataPtr> {
    const int32_t width = checked_cast<const arrow::FixedSizeBinaryType&>(*fixed).byte_width();
    const arrow::BinaryArray values(data);
    arrow::FixedSizeBinaryBuilder builder(fixed, Pool());
    ARROW_RETURN_NOT_OK(builder.Reserve(values.length()));
    for (int64_t i = 0; i < values.length(); ++i) {
      if (values.IsNull(i)) {
        builder.UnsafeAppendNull();
        continue;
      }
      const auto value = values.GetView(i);
      if (value.size() != static_cast<size_t>(width)) {
        return arrow::Status::Invalid("Expected ", width, " bytes but received ", value.size());
      }
      builder.UnsafeAppend(value);
    }
    ARROW_ASSIGN_OR_RAISE(auto array, builder.Finish());
    return array->data();
  };
}

/// Children converted one by one, then the parent takes the requested type.
Restore WithChildren(std::vector<Restore> children, const TypePtr& type) {
  return [children = std::move(children),
          type](const ArrayDataPtr& data) -> arrow::Result<ArrayDataPtr> {
    ArrayDataPtr copy = data->Copy();
    copy->type = type;
    for (size_t i = 0; i < children.size(); ++i) {
      if (!children[i]) continue;
      ARROW_ASSIGN_OR_RAISE(copy->child_data[i], children[i](copy->child_data[i]));
    }
    return copy;
  };
}

std::optional<Restore> RestoreChildren(const DataType& stored, const TypePtr& requested) {
  if (stored.num_fields() != requested->num_fields()) return std::nullopt;
  std::vector<Restore> children;
  for (int i = 0; i < stored.num_fields(); ++i) {
    const auto& from = stored.field(i);
    const auto& to = requested->field(i);
    // Struct members are told apart by name; the item of a list has no name of its own.
    if (stored.id() == Type::STRUCT && from->name() != to->name()) return std::nullopt;
    // The analyzer loses sight of what a std::function owns.
    // NOLINTNEXTLINE(clang-analyzer-cplusplus.NewDeleteLeaks)
    auto child = FindRestore(from->type(), to->type());
    if (!child) return std::nullopt;
    children.push_back(std::move(*child));
  }
  return WithChildren(std::move(children), requested);
}

std::optional<Restore> RestoreList(const DataType& stored, const TypePtr& requested) {
  const auto& item = stored.field(0);
  const auto child = FindRestore(item->type(), requested->field(0)->type());
  if (!child) return std::nullopt;
  const auto items = requested->field(0);
  const bool large = stored.id() == Type::LARGE_LIST;
  const TypePtr restored = large ? arrow::large_list(items) : arrow::list(items);
  Restore children = WithChildren({*child}, restored);
  if (stored.id() == requested->id()) return children;
  return Chain(std::move(children), CastTo(requested));
}

std::optional<Restore> RestoreFixedList(const TypePtr& stored, const TypePtr& requested) {
  const auto& list = checked_cast<const arrow::FixedSizeListType&>(*requested);
  if (IsVarList(stored->id())) return RestoreList(*stored, requested);
  const int32_t bytes = ItemBytes(*list.value_type());
  if (bytes == 0) return std::nullopt;
  const int64_t width = int64_t{bytes} * list.list_size();
  if (stored->id() == Type::FIXED_SIZE_BINARY) {
    if (checked_cast<const arrow::FixedSizeBinaryType&>(*stored).byte_width() != width) {
      return std::nullopt;
    }
    return SplitFixed(requested);
  }
  if (stored->id() != Type::BINARY || width > INT32_MAX) return std::nullopt;
  return Chain(BinaryToFixed(arrow::fixed_size_binary(static_cast<int32_t>(width))),
               SplitFixed(requested));
}

/// Types that wrap another one: extensions over their storage, dictionaries over their values.
std::optional<Restore> RestoreWrapped(const TypePtr& stored, const TypePtr& requested) {
  if (requested->id() == Type::EXTENSION) {
    const auto& storage = checked_cast<const arrow::ExtensionType&>(*requested).storage_type();
    auto inner = FindRestore(stored, storage);
    if (!inner) return std::nullopt;
    return Chain(std::move(*inner), RelabelAs(requested));
  }
  if (stored->id() == Type::EXTENSION) {
    const auto& storage = checked_cast<const arrow::ExtensionType&>(*stored).storage_type();
    auto inner = FindRestore(storage, requested);
    if (!inner) return std::nullopt;
    return Chain(RelabelAs(storage), std::move(*inner));
  }
  if (stored->id() == Type::DICTIONARY) {
    const auto& values = checked_cast<const arrow::DictionaryType&>(*stored).value_type();
    auto inner = FindRestore(values, requested);
    if (!inner) return std::nullopt;
    return Chain(CastTo(values), std::move(*inner));
  }
  const auto& values = checked_cast<const arrow::DictionaryType&>(*requested).value_type();
  auto inner = FindRestore(stored, values);
  if (!inner || !CanEncode(*values)) return std::nullopt;
  return Chain(std::move(*inner), EncodeAs(requested));
}

bool IsWrapped(Type::type id) { return id == Type::EXTENSION || id == Type::DICTIONARY; }

std::optional<Restore> RestoreFlat(const TypePtr& stored, const TypePtr& requested) {
  const Type::type from = stored->id();
  const Type::type to = requested->id();
  if (from == Type::BINARY && to == Type::FIXED_SIZE_BINARY) return BinaryToFixed(requested);
  const bool half = (from == Type::HALF_FLOAT && to == Type::FIXED_SIZE_BINARY) ||
                    (from == Type::FIXED_SIZE_BINARY && to == Type::HALF_FLOAT);
  if (half) {
    const auto& bytes = from == Type::FIXED_SIZE_BINARY ? *stored : *requested;
    if (checked_cast<const arrow::FixedSizeBinaryType&>(bytes).byte_width() != 2) {
      return std::nullopt;
    }
    return RelabelAs(requested);
  }
  if (from == Type::INT64 && to == Type::DURATION) return RelabelAs(requested);
  const bool casts =
      ((IsText(from) || IsBytes(from)) && (IsText(to) || IsBytes(to))) ||
      (from == Type::TIMESTAMP && to == Type::TIMESTAMP &&
       HasZone(*stored) == HasZone(*requested)) ||
      (IsTime(from) && IsTime(to)) || (from == Type::DATE32 && to == Type::DATE64) ||
      (from == Type::INT64 && to == Type::UINT32) ||
      (arrow::is_decimal(from) && arrow::is_decimal(to) && SameDecimal(*stored, *requested));
  if (!casts) return std::nullopt;
  return CastTo(requested);
}

}  // namespace

std::optional<Restore> FindRestore(const TypePtr& stored, const TypePtr& requested) {
  if (stored->Equals(*requested)) {
    // Equal types may still differ in the names of list items; the answer has the requested.
    if (stored->num_fields() > 0) return RelabelAs(requested);
    return Restore();
  }
  if (IsWrapped(stored->id()) || IsWrapped(requested->id())) {
    return RestoreWrapped(stored, requested);
  }
  if (requested->id() == Type::FIXED_SIZE_LIST && stored->id() != Type::FIXED_SIZE_LIST) {
    return RestoreFixedList(stored, requested);
  }
  if (IsVarList(stored->id()) && IsVarList(requested->id())) {
    return RestoreList(*stored, requested);
  }
  const bool same_shape = stored->id() == requested->id();
  switch (requested->id()) {
    case Type::STRUCT:
    case Type::MAP:
      return same_shape ? RestoreChildren(*stored, requested) : std::nullopt;
    case Type::FIXED_SIZE_LIST: {
      const auto& from = checked_cast<const arrow::FixedSizeListType&>(*stored);
      const auto& to = checked_cast<const arrow::FixedSizeListType&>(*requested);
      if (from.list_size() != to.list_size()) return std::nullopt;
      return RestoreChildren(*stored, requested);
    }
    default:
      return RestoreFlat(stored, requested);
  }
}

TypePtr VectorListType(const arrow::FixedSizeBinaryType& stored) {
  constexpr int32_t kItemBytes = 4;
  if (stored.byte_width() == 0 || stored.byte_width() % kItemBytes != 0) return nullptr;
  return arrow::fixed_size_list(arrow::float32(), stored.byte_width() / kItemBytes);
}

}  // namespace packed
