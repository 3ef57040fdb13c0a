#include "field_spec.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "arrow/c/bridge.h"
#include "arrow/type.h"
#include "arrow/util/key_value_metadata.h"

#include "c_structs.h"
#include "packed/error.h"

namespace packed::binding {
namespace {

constexpr std::string_view kExtensionPrefix = "ARROW:extension:";

bool IsExtensionKey(std::string_view key) { return key.starts_with(kExtensionPrefix); }

bool HasExtension(const FieldSpec& spec) {
  return std::any_of(spec.metadata.begin(), spec.metadata.end(),
                     [](const auto& pair) { return IsExtensionKey(pair.first); }) ||
         std::any_of(spec.children.begin(), spec.children.end(), HasExtension) ||
         std::any_of(spec.dictionary.begin(), spec.dictionary.end(), HasExtension);
}

void AppendLength(size_t length, std::string* blob) {
  const auto value = static_cast<int32_t>(length);
  blob->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

int32_t LoadInt32(const char* bytes) {
  int32_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

/// The pairs of a metadata blob: a count, then length and bytes of each key and value.
StringPairs DecodeMetadata(const char* blob) {
  StringPairs pairs;
  if (blob == nullptr) return pairs;
  const auto next_string = [&blob] {
    const int32_t length = LoadInt32(blob);
    std::string text(blob + sizeof(length), static_cast<size_t>(length));
    blob += sizeof(length) + static_cast<size_t>(length);
    return text;
  };
  const int32_t count = LoadInt32(blob);
  blob += sizeof(count);
  for (int32_t i = 0; i < count; ++i) {
    std::string key = next_string();
    pairs.emplace_back(std::move(key), next_string());
  }
  return pairs;
}

/// The metadata blob of the C interface. Keys of extension types are left out: Arrow would
/// replace the types it knows; the metadata is attached again after the import.
std::string EncodeMetadata(const StringPairs& pairs) {
  const auto count = std::count_if(pairs.begin(), pairs.end(),
                                   [](const auto& pair) { return !IsExtensionKey(pair.first); });
  std::string blob;
  AppendLength(static_cast<size_t>(count), &blob);
  for (const auto& [key, value] : pairs) {
    if (IsExtensionKey(key)) continue;
    AppendLength(key.size(), &blob);
    blob += key;
    AppendLength(value.size(), &blob);
    blob += value;
  }
  return blob;
}

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
    schema_.release = [](ArrowSchema* schema) { schema->release = nullptr; };
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

Napi::Object ToNativeField(Napi::Env env, const FieldSpec& spec) {
  Napi::Object native = Napi::Object::New(env);
  native.Set("name", TextOf(env, spec.name));
  native.Set("format", TextOf(env, spec.format));
  native.Set("nullable", (spec.flags & ARROW_FLAG_NULLABLE) != 0);
  native.Set("metadata", PairsArray(env, spec.metadata));
  native.Set("children", ArrayOf(env, spec.children, [env](const FieldSpec& child) {
               return ToNativeField(env, child);
             }));
  native.Set("dictionary", spec.dictionary.empty()
                               ? env.Null()
                               : Napi::Value(ToNativeField(env, spec.dictionary.front())));
  native.Set("dictionaryOrdered", (spec.flags & ARROW_FLAG_DICTIONARY_ORDERED) != 0);
  native.Set("keysSorted", (spec.flags & ARROW_FLAG_MAP_KEYS_SORTED) != 0);
  return native;
}

arrow::Result<std::shared_ptr<arrow::Schema>> ImportFieldSpecs(const FieldSpec& root) {
  SpecSchema c_schema(root);
  const arrow::Result<std::shared_ptr<arrow::Schema>> imported =
      arrow::ImportSchema(c_schema.get());
  if (!imported.ok()) return WithContext(imported.status(), ErrorCode::kInvalidSchema, {});
  if (!HasExtension(root)) return imported;
  arrow::FieldVector fields;
  for (int i = 0; i < (*imported)->num_fields(); ++i) {
    fields.push_back(WithSpecMetadata((*imported)->field(i), root.children[i]));
  }
  return arrow::schema(std::move(fields), (*imported)->metadata());
}

}  // namespace packed::binding
