#include "stored_type.h"

#include <utility>
#include <vector>

#include "arrow/array.h"
#include "arrow/array/builder_binary.h"
#include "arrow/compute/api_vector.h"
#include "arrow/compute/exec.h"
#include "arrow/extension_type.h"
#include "arrow/util/bitmap_ops.h"
#include "arrow/util/checked_cast.h"

#include "packed/memory.h"

namespace packed {
namespace {

using arrow::ArrayData;
using arrow::DataType;
using arrow::Field;
using arrow::Result;
using arrow::internal::checked_cast;
using ArrayDataPtr = std::shared_ptr<ArrayData>;
using TypePtr = std::shared_ptr<DataType>;

std::shared_ptr<Field> StoredField(const Field& field) {
  return arrow::field(field.name(), StoredType(field.type()), field.nullable());
}

Result<ArrayDataPtr> DecodeDictionary(const ArrayData& data, const TypePtr& stored) {
  const auto& type = checked_cast<const arrow::DictionaryType&>(*data.type);
  ARROW_ASSIGN_OR_RAISE(auto values, ToStored(data.dictionary, stored));
  auto indices = data.Copy();
  indices->type = type.index_type();
  indices->dictionary = nullptr;
  arrow::compute::ExecContext context(Pool());
  ARROW_ASSIGN_OR_RAISE(
      auto taken, arrow::compute::Take(*arrow::MakeArray(values), *arrow::MakeArray(indices),
                                       arrow::compute::TakeOptions::NoBoundsCheck(), &context));
  return taken->data();
}

template <typename ViewArray, typename Builder>
Result<ArrayDataPtr> DecodeViews(const ArrayDataPtr& data) {
  const ViewArray views(data);
  Builder builder(Pool());
  ARROW_RETURN_NOT_OK(builder.Reserve(views.length()));
  for (int64_t i = 0; i < views.length(); ++i) {
    if (views.IsNull(i)) {
      ARROW_RETURN_NOT_OK(builder.AppendNull());
    } else {
      ARROW_RETURN_NOT_OK(builder.Append(views.GetView(i)));
    }
  }
  ARROW_ASSIGN_OR_RAISE(auto out, builder.Finish());
  return out->data();
}

template <typename Offset>
Result<ArrayDataPtr> RebuildList(const ArrayData& data, const TypePtr& stored) {
  const auto* offsets = data.GetValues<Offset>(1);
  const Offset first = data.length == 0 ? 0 : offsets[0];
  const Offset last = data.length == 0 ? 0 : offsets[data.length];
  ARROW_ASSIGN_OR_RAISE(auto child, ToStored(data.child_data[0]->Slice(first, last - first),
                                             stored->field(0)->type()));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> rebased,
                        arrow::AllocateBuffer((data.length + 1) * sizeof(Offset), Pool()));
  auto* out = reinterpret_cast<Offset*>(rebased->mutable_data());
  out[0] = 0;
  for (int64_t i = 1; i <= data.length; ++i) out[i] = offsets[i] - first;
  ARROW_ASSIGN_OR_RAISE(auto validity, SliceValidity(data));
  return ArrayData::Make(stored, data.length, {std::move(validity), std::move(rebased)},
                         {std::move(child)});
}

template <typename ListArray, typename ListViewArray>
Result<ArrayDataPtr> DecodeListViews(const ArrayDataPtr& data, const TypePtr& stored) {
  using Offset = typename ListViewArray::offset_type;
  // FromListView of Arrow 26 loses values of sliced arrays: give it one that starts at 0.
  ARROW_ASSIGN_OR_RAISE(auto validity, SliceValidity(*data));
  const auto shown = [&](const std::shared_ptr<arrow::Buffer>& buffer) {
    return arrow::SliceBuffer(buffer, data->offset * sizeof(Offset), data->length * sizeof(Offset));
  };
  const ListViewArray views(ArrayData::Make(
      data->type, data->length,
      {std::move(validity), shown(data->buffers[1]), shown(data->buffers[2])}, data->child_data));
  ARROW_ASSIGN_OR_RAISE(auto list, ListArray::FromListView(views, Pool()));
  return ToStored(list->data(), stored);
}

Result<ArrayDataPtr> RebuildFixedSizeList(const ArrayData& data, const TypePtr& stored) {
  const int64_t size = checked_cast<const arrow::FixedSizeListType&>(*stored).list_size();
  ARROW_ASSIGN_OR_RAISE(auto child,
                        ToStored(data.child_data[0]->Slice(data.offset * size, data.length * size),
                                 stored->field(0)->type()));
  ARROW_ASSIGN_OR_RAISE(auto validity, SliceValidity(data));
  return ArrayData::Make(stored, data.length, {std::move(validity)}, {std::move(child)});
}

Result<ArrayDataPtr> RebuildStruct(const ArrayData& data, const TypePtr& stored) {
  std::vector<ArrayDataPtr> children;
  for (int i = 0; i < stored->num_fields(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto child, ToStored(data.child_data[i]->Slice(data.offset, data.length),
                                               stored->field(i)->type()));
    children.push_back(std::move(child));
  }
  ARROW_ASSIGN_OR_RAISE(auto validity, SliceValidity(data));
  return ArrayData::Make(stored, data.length, {std::move(validity)}, std::move(children));
}

/// Parquet's writer refuses any null in a required child, also those below a null parent,
/// which are nobody's values: their bitmaps go. Copies only the levels that change.
ArrayDataPtr DropMaskedNulls(ArrayDataPtr data) {
  for (int i = 0; i < data->type->num_fields(); ++i) {
    auto child = DropMaskedNulls(data->child_data[i]);
    if (!data->type->field(i)->nullable() && child->MayHaveNulls() && child->buffers[0]) {
      child = child->Copy();
      child->buffers[0] = nullptr;
      child->null_count = 0;
    }
    if (child == data->child_data[i]) continue;
    data = data->Copy();
    data->child_data[i] = std::move(child);
  }
  return data;
}

Result<ArrayDataPtr> Decode(const ArrayDataPtr& data, const TypePtr& stored) {
  switch (data->type->id()) {
    case arrow::Type::DICTIONARY:
      return DecodeDictionary(*data, stored);
    case arrow::Type::EXTENSION: {
      auto storage = data->Copy();
      storage->type = checked_cast<const arrow::ExtensionType&>(*data->type).storage_type();
      return ToStored(storage, stored);
    }
    case arrow::Type::STRING_VIEW:
      return DecodeViews<arrow::StringViewArray, arrow::StringBuilder>(data);
    case arrow::Type::BINARY_VIEW:
      return DecodeViews<arrow::BinaryViewArray, arrow::BinaryBuilder>(data);
    case arrow::Type::LIST_VIEW:
      return DecodeListViews<arrow::ListArray, arrow::ListViewArray>(data, stored);
    case arrow::Type::LARGE_LIST_VIEW:
      return DecodeListViews<arrow::LargeListArray, arrow::LargeListViewArray>(data, stored);
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return RebuildList<int32_t>(*data, stored);
    case arrow::Type::LARGE_LIST:
      return RebuildList<int64_t>(*data, stored);
    case arrow::Type::FIXED_SIZE_LIST:
      return RebuildFixedSizeList(*data, stored);
    case arrow::Type::STRUCT:
      return RebuildStruct(*data, stored);
    default:
      return arrow::Status::TypeError("Expected ", stored->ToString(), " but received ",
                                      data->type->ToString());
  }
}

}  // namespace

TypePtr StoredType(const TypePtr& type) {
  switch (type->id()) {
    case arrow::Type::DICTIONARY:
      return StoredType(checked_cast<const arrow::DictionaryType&>(*type).value_type());
    case arrow::Type::EXTENSION:
      return StoredType(checked_cast<const arrow::ExtensionType&>(*type).storage_type());
    case arrow::Type::STRING_VIEW:
      return arrow::utf8();
    case arrow::Type::BINARY_VIEW:
      return arrow::binary();
    case arrow::Type::LIST:
    case arrow::Type::LIST_VIEW:
      return arrow::list(StoredField(*type->field(0)));
    case arrow::Type::LARGE_LIST:
    case arrow::Type::LARGE_LIST_VIEW:
      return arrow::large_list(StoredField(*type->field(0)));
    case arrow::Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(
          StoredField(*type->field(0)),
          checked_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case arrow::Type::MAP: {
      const auto& map = checked_cast<const arrow::MapType&>(*type);
      return std::make_shared<arrow::MapType>(StoredField(*map.key_field()),
                                              StoredField(*map.item_field()), map.keys_sorted());
    }
    case arrow::Type::STRUCT: {
      arrow::FieldVector fields;
      for (const auto& field : type->fields()) fields.push_back(StoredField(*field));
      return arrow::struct_(fields);
    }
    default:
      return type;
  }
}

Result<std::shared_ptr<arrow::Buffer>> SliceValidity(const ArrayData& data) {
  if (!data.MayHaveNulls()) return nullptr;
  return arrow::internal::CopyBitmap(Pool(), data.buffers[0]->data(), data.offset, data.length);
}

Result<ArrayDataPtr> ToStored(const ArrayDataPtr& data, const TypePtr& stored) {
  if (data->type->Equals(*stored)) return DropMaskedNulls(data);
  ARROW_ASSIGN_OR_RAISE(auto decoded, Decode(data, stored));
  return DropMaskedNulls(std::move(decoded));
}

}  // namespace packed
