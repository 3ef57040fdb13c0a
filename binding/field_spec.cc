#include "field_spec.h"

#include <algorithm>
#include <utility>

#include "arrow/c/bridge.h"
#include "arrow/type.h"
#include "arrow/util/key_value_metadata.h"

#include "c_metadata.h"
#include "packed/error.h"

namespace packed::binding {
namespace {

bool HasExtension(const FieldSpec& spec) {
  return HasExtensionKey(spec.metadata) ||
         std::any_of(spec.children.begin(), spec.children.end(), HasExtension) ||
         std::any_of(spec.dictionary.begin(), spec.dictionary.end(), HasExtension);
}

bool HasExtension(const ArrowSchema& schema) {
  if (schema.metadata != nullptr && HasExtensionKey(DecodeMetadata(schema.metadata))) return true;
  for (int64_t i = 0; i < schema.n_children; ++i) {
    if (HasExtension(*schema.children[i])) return true;
  }
  return schema.dictionary != nullptr && HasExtension(*schema.dictionary);
}

arrow::Result<std::shared_ptr<arrow::Schema>> ImportStruct(ArrowSchema* schema) {
  const arrow::Result<std::shared_ptr<arrow::Schema>> imported = arrow::ImportSchema(schema);
  if (!imported.ok()) return WithContext(imported.status(), ErrorCode::kInvalidSchema, {});
  return imported;
}

void ReleaseNothing(ArrowSchema* schema) { schema->release = nullptr; }

/// An ArrowSchema tree whose strings are those of a FieldSpec that outlives it.
class SpecSchema {
 public:
  explicit SpecSchema(const FieldSpec& spec) : metadata_(EncodeMetadata(spec.metadata)) {
    for (const FieldSpec& child : spec.children) {
      children_.push_back(std::make_unique<SpecSchema>(child));
      pointers_.push_back(&children_.back()->schema_);
    }
    if (!spec.dictionary.empty()) {
      dictionary_ = std::make_unique<SpecSchema>(spec.dictionary.front());
      schema_.dictionary = &dictionary_->schema_;
    }
    schema_.format = spec.format.c_str();
    schema_.name = spec.name.c_str();
    schema_.metadata = spec.metadata.empty() ? nullptr : metadata_.data();
    schema_.flags = spec.flags;
    schema_.n_children = static_cast<int64_t>(pointers_.size());
    schema_.children = pointers_.data();
    schema_.release = ReleaseNothing;
  }

  ArrowSchema* get() { return &schema_; }

 private:
  std::string metadata_;
  std::vector<std::unique_ptr<SpecSchema>> children_;
  std::vector<ArrowSchema*> pointers_;
  std::unique_ptr<SpecSchema> dictionary_;
  ArrowSchema schema_{};
};

std::shared_ptr<arrow::KeyValueMetadata> ToMetadata(const StringPairs& pairs) {
  auto metadata = std::make_shared<arrow::KeyValueMetadata>();
  for (const auto& [key, value] : pairs) metadata->Append(key, value);
  return metadata;
}

/// `type` with other child fields of the same types.
std::shared_ptr<arrow::DataType> WithFields(const std::shared_ptr<arrow::DataType>& type,
                                            arrow::FieldVector fields) {
  switch (type->id()) {
    case arrow::Type::LIST:
      return arrow::list(fields[0]);
    case arrow::Type::LARGE_LIST:
      return arrow::large_list(fields[0]);
    case arrow::Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(
          fields[0], static_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case arrow::Type::STRUCT:
      return arrow::struct_(fields);
    case arrow::Type::MAP:
      return std::make_shared<arrow::MapType>(
          fields[0], static_cast<const arrow::MapType&>(*type).keys_sorted());
    case arrow::Type::SPARSE_UNION:
      return arrow::sparse_union(std::move(fields),
                                 static_cast<const arrow::UnionType&>(*type).type_codes());
    case arrow::Type::DENSE_UNION:
      return arrow::dense_union(std::move(fields),
                                static_cast<const arrow::UnionType&>(*type).type_codes());
    default:
      return type;
  }
}

/// Gives a field and its children the metadata that the import was not shown.
std::shared_ptr<arrow::Field> WithSpecMetadata(const std::shared_ptr<arrow::Field>& field,
                                               const FieldSpec& spec) {
  arrow::FieldVector children;
  for (int i = 0; i < field->type()->num_fields(); ++i) {
    children.push_back(WithSpecMetadata(field->type()->field(i), spec.children[i]));
  }
  const auto restored = field->WithType(WithFields(field->type(), std::move(children)));
  return spec.metadata.empty() ? restored : restored->WithMetadata(ToMetadata(spec.metadata));
}

/// Copies an ArrowSchema, which stays as it is.
FieldSpec CopyFieldSpec(const ArrowSchema& schema) {
  FieldSpec spec;
  spec.name = schema.name == nullptr ? "" : schema.name;
  spec.format = schema.format;
  spec.flags = schema.flags;
  spec.metadata = DecodeMetadata(schema.metadata);
  for (int64_t i = 0; i < schema.n_children; ++i) {
    spec.children.push_back(CopyFieldSpec(*schema.children[i]));
  }
  if (schema.dictionary != nullptr) spec.dictionary.push_back(CopyFieldSpec(*schema.dictionary));
  return spec;
}

}  // namespace

arrow::Result<FieldSpec> ReadFieldSpec(Napi::Object field) {
  FieldSpec spec;
  ARROW_ASSIGN_OR_RAISE(spec.name, ReadMember<std::string>(field, "name"));
  ARROW_ASSIGN_OR_RAISE(spec.format, ReadMember<std::string>(field, "format"));
  ARROW_ASSIGN_OR_RAISE(spec.metadata, ReadPairs(field, "metadata"));
  const std::pair<const char*, int64_t> flags[] = {
      {"nullable", ARROW_FLAG_NULLABLE},
      {"dictionaryOrdered", ARROW_FLAG_DICTIONARY_ORDERED},
      {"keysSorted", ARROW_FLAG_MAP_KEYS_SORTED},
  };
  for (const auto& [name, flag] : flags) {
    ARROW_ASSIGN_OR_RAISE(const bool set, ReadMember<bool>(field, name));
    if (set) spec.flags |= flag;
  }
  ARROW_RETURN_NOT_OK(ForEachObject(field, "children", [&spec](Napi::Object object) {
    ARROW_ASSIGN_OR_RAISE(FieldSpec child, ReadFieldSpec(object));
    spec.children.push_back(std::move(child));
    return arrow::Status::OK();
  }));
  ARROW_ASSIGN_OR_RAISE(auto dictionary, ReadOptional<Napi::Object>(field, "dictionary"));
  if (dictionary.has_value()) {
    ARROW_ASSIGN_OR_RAISE(FieldSpec values, ReadFieldSpec(*dictionary));
    spec.dictionary.push_back(std::move(values));
  }
  return spec;
}

arrow::Result<std::shared_ptr<arrow::Schema>> ImportFieldSpecs(const FieldSpec& root) {
  SpecSchema c_schema(root);
  ARROW_ASSIGN_OR_RAISE(auto imported, ImportStruct(c_schema.get()));
  if (!HasExtension(root)) return imported;
  arrow::FieldVector fields;
  for (int i = 0; i < imported->num_fields(); ++i) {
    fields.push_back(WithSpecMetadata(imported->field(i), root.children[i]));
  }
  return arrow::schema(std::move(fields), imported->metadata());
}

arrow::Result<std::shared_ptr<arrow::Schema>> ImportForeignSchema(const ArrowSchema& schema) {
  if (HasExtension(schema)) return ImportFieldSpecs(CopyFieldSpec(schema));
  ArrowSchema lent = schema;
  lent.release = ReleaseNothing;
  return ImportStruct(&lent);
}

}  // namespace packed::binding
