#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrow/c/abi.h"
#include "arrow/result.h"
#include "arrow/type_fwd.h"

#include "values.h"

namespace packed::binding {

/// A NativeField in C++: one field in the terms of the C Data Interface.
struct FieldSpec {
  std::string name;
  std::string format;
  int64_t flags = 0;
  StringPairs metadata;
  std::vector<FieldSpec> children;
  std::vector<FieldSpec> dictionary;  ///< none or one
};

/// \brief Read a NativeField. JS thread.
arrow::Result<FieldSpec> ReadFieldSpec(Napi::Object field);

/// \brief Import the children of `root` as a schema, through an ArrowSchema.
///
/// Extension types stay their storage type with the extension in the field's metadata, also
/// those that Arrow has registered: apache-arrow knows none, and Parquet stores the storage.
arrow::Result<std::shared_ptr<arrow::Schema>> ImportFieldSpecs(const FieldSpec& root);

/// \brief The same of an ArrowSchema, which stays as it is: the caller releases it. Any thread.
arrow::Result<std::shared_ptr<arrow::Schema>> ImportForeignSchema(const ArrowSchema& schema);

}  // namespace packed::binding
