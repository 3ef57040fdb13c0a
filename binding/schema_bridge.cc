#include "schema_bridge.h"

#include <utility>

#include "arrow/c/bridge.h"
#include "arrow/type.h"

#include "c_structs.h"
#include "field_spec.h"
#include "packed/error.h"
#include "schema_text.h"
#include "values.h"

namespace packed::binding {
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

arrow::Result<Napi::String> ToNativeSchema(Napi::Env env, const arrow::Schema& schema) {
  OwnedSchema exported;
  const arrow::Status status = arrow::ExportSchema(schema, exported.get());
  if (!status.ok()) return WithContext(status, ErrorCode::kUnsupportedType, {});
  return Napi::String::New(env, SchemaText(*exported.get()));
}

}  // namespace packed::binding
