#pragma once

#include <memory>

#include "arrow/result.h"
#include "arrow/type_fwd.h"

#include "napi_setup.h"

namespace packed::binding {

/// \brief The schema that a NativeSchema describes, metadata byte-exact. JS thread.
arrow::Result<std::shared_ptr<arrow::Schema>> FromNativeSchema(Napi::Object schema);

/// \brief The NativeSchemaText of a schema. JS thread.
arrow::Result<Napi::String> ToNativeSchema(Napi::Env env, const arrow::Schema& schema);

}  // namespace packed::binding
