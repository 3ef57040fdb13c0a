#pragma once

#include "arrow/result.h"

#include "napi_setup.h"
#include "packed/reader.h"

namespace packed::binding {

/// \brief A NativeFileInfo. JS thread.
arrow::Result<Napi::Object> ToNativeFileInfo(Napi::Env env, const FileInfo& info);

}  // namespace packed::binding
