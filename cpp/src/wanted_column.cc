#include "wanted_column.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "packed/error.h"

namespace packed {
namespace {

using arrow::Result;
using Descriptions = std::vector<QuantizedField>;

constexpr int32_t kFloatBytes = sizeof(float);

/// What the keys of the files say, read once for each file that is asked for.
class FileKeys {
 public:
  FileKeys(const FileSet& set, bool judge) : set_(set), judge_(judge) {}

  /// Null for a column that is no codes.
  Result<const QuantizedField*> Find(ColumnSource source) {
    auto known = files_.find(source.file);
    if (known == files_.end()) {
      auto read = QuantizedColumns(*set_.files[source.file]);
      if (!read.ok() && judge_) return read.status();
      known = files_.emplace(source.file, read.ok() ? *std::move(read) : Descriptions()).first;
    }
    const auto& id = set_.column(source).id;
    const auto found = std::find_if(known->second.begin(), known->second.end(),
                                    [&](const auto& field) { return id == field.field_id; });
    return found == known->second.end() ? nullptr : &*found;
  }

 private:
  const FileSet& set_;
  const bool judge_;
  std::map<int, Descriptions> files_;
};

bool HasOwnScales(const WantedColumn& wanted) {
  return wanted.quantized && !wanted.quantized->scale;
}

std::shared_ptr<arrow::DataType> TypeWithoutSchema(const ReaderOptions& options, int32_t dim,
                                                   const std::shared_ptr<arrow::DataType>& item) {
  if (options.vectors == VectorForm::kFixedSizeList) return arrow::fixed_size_list(item, dim);
  return arrow::fixed_size_binary(dim * item->byte_width());
}

/// The column of scales of `quantized`, as the file has it.
Result<WantedColumn> ScalesOf(const FileSet& set, const QuantizedField& quantized) {
  const int64_t id = quantized.scale_field_id;
  for (int f = 0; f < static_cast<int>(set.files.size()); ++f) {
    const auto& columns = set.files[f]->columns;
    for (int c = 0; c < static_cast<int>(columns.size()); ++c) {
      if (columns[c].id != id) continue;
      const auto& field = columns[c].field;
      if (field->type()->id() == arrow::Type::FLOAT) return WantedColumn{field, id, {f, c}, {}};
      return MakeError(ErrorCode::kMetadataCorrupted,
                       "Expected float32 scales of field " + quantized.name + " for field " +
                           field->name() + " but received " + field->type()->ToString(),
                       {set.files[f]->path(), field->name()});
    }
  }
  return MakeError(ErrorCode::kInvalidArgument,
                   "Expected the file with the scales (field id " + std::to_string(id) +
                       ") that decode field " + quantized.name +
                       " but received paths of others only: add it, or ask for its codes",
                   {"", quantized.name});
}

/// What comes out of a column of codes; `field` has the type of the answer then.
void TakeForm(const ReaderOptions& options, const QuantizedField& quantized, WantedColumn* wanted) {
  const bool decode = options.quantized == QuantizedForm::kDecode;
  if (options.schema) {
    const auto type = DecodedType(wanted->field->type(), quantized.dim);
    if (decode && type) wanted->quantized = quantized;
    return;
  }
  const auto item = decode ? arrow::float32() : arrow::int8();
  wanted->field = wanted->field->WithType(TypeWithoutSchema(options, quantized.dim, item));
  if (decode) wanted->quantized = quantized;
}

/// Where nobody says which columns come out, scales have done their work.
void LeaveOutScales(std::vector<WantedColumn>* fields) {
  std::set<int64_t> scales;
  for (const WantedColumn& wanted : *fields) {
    if (HasOwnScales(wanted)) scales.insert(wanted.quantized->scale_field_id);
  }
  std::erase_if(*fields, [&](const WantedColumn& wanted) {
    return !wanted.quantized && wanted.id && scales.contains(*wanted.id);
  });
}

}  // namespace

Result<Dequantization> TakeQuantized(const FileSet& set, const ReaderOptions& options,
                                     std::vector<WantedColumn>* fields) {
  FileKeys keys(set, options.quantized == QuantizedForm::kDecode);
  for (WantedColumn& wanted : *fields) {
    if (wanted.source.file < 0) continue;
    ARROW_ASSIGN_OR_RAISE(const QuantizedField* const quantized, keys.Find(wanted.source));
    if (quantized != nullptr) TakeForm(options, *quantized, &wanted);
  }
  if (!options.schema && !options.columns) LeaveOutScales(fields);
  Dequantization left;
  const auto count = static_cast<int>(fields->size());
  std::vector<WantedColumn> scales;
  for (int i = 0; i < count; ++i) {
    WantedColumn& wanted = (*fields)[i];
    if (!HasOwnScales(wanted)) continue;
    const int32_t dim = wanted.quantized->dim;
    left.columns.push_back({i, count + static_cast<int>(scales.size()), wanted.field->type()});
    left.extra_row_bytes += int64_t{dim - 1} * kFloatBytes - dim;
    wanted.field = wanted.field->WithType(set.column(wanted.source).field->type());
    ARROW_ASSIGN_OR_RAISE(auto own, ScalesOf(set, *wanted.quantized));
    scales.push_back(std::move(own));
  }
  left.extra_row_bytes = std::max<int64_t>(0, left.extra_row_bytes);
  std::move(scales.begin(), scales.end(), std::back_inserter(*fields));
  return left;
}

}  // namespace packed
