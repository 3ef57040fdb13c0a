#include "schema_bridge.h"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "arrow/c/bridge.h"
#include "arrow/type.h"

#include "c_structs.h"
#include "field_spec.h"
#include "packed/error.h"
#include "values.h"

namespace packed::binding {
namespace {

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

Napi::Object ToNativeField(Napi::Env env, const ArrowSchema& field) {
  Napi::Object native = Napi::Object::New(env);
  native.Set("name", TextOf(env, field.name == nullptr ? "" : field.name));
  native.Set("format", TextOf(env, field.format));
  native.Set("nullable", (field.flags & ARROW_FLAG_NULLABLE) != 0);
  native.Set("metadata", PairsArray(env, DecodeMetadata(field.metadata)));
  const std::vector<ArrowSchema*> children(field.children, field.children + field.n_children);
  native.Set("children", ArrayOf(env, children, [env](const ArrowSchema* child) {
               return ToNativeField(env, *child);
             }));
  native.Set("dictionary", field.dictionary == nullptr
                               ? env.Null()
                               : Napi::Value(ToNativeField(env, *field.dictionary)));
  native.Set("dictionaryOrdered", (field.flags & ARROW_FLAG_DICTIONARY_ORDERED) != 0);
  native.Set("keysSorted", (field.flags & ARROW_FLAG_MAP_KEYS_SORTED) != 0);
  return native;
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::Schema>> FromNativeSchema(Napi::Object schema) {
  FieldSpec root;
  root.format = "+s";
  ARROW_ASSIGN_OR_RAISE(root.metadata, ReadPairs(schema, "metadata"));
  ARROW_RETURN_NOT_OK(ForEachObject(schema, "fields", [&root](Napi::Object field) {
    ARROW_ASSIGN_OR_RAISE(FieldSpec spec, ReadFieldSpec(field));
    root.children.push_back(std::move(spec));
    return arrow::Status::OK();
  }));
  return ImportFieldSpecs(root);
}

arrow::Result<Napi::Object> ToNativeSchema(Napi::Env env, const arrow::Schema& schema) {
  OwnedSchema exported;
  const arrow::Status status = arrow::ExportSchema(schema, exported.get());
  if (!status.ok()) return WithContext(status, ErrorCode::kUnsupportedType, {});
  Napi::Object native = Napi::Object::New(env);
  const std::vector<ArrowSchema*> fields(exported->children,
                                         exported->children + exported->n_children);
  native.Set("fields", ArrayOf(env, fields, [env](const ArrowSchema* field) {
               return ToNativeField(env, *field);
             }));
  native.Set("metadata", PairsArray(env, DecodeMetadata(exported->metadata)));
  return native;
}

}  // namespace packed::binding
