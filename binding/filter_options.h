#pragma once

#include <optional>

#include "arrow/result.h"

#include "napi_setup.h"
#include "packed/filter.h"

namespace packed::binding {

/// \brief Read the optional NativeFilter of a reader's options; bytes are copied. JS thread.
///
/// Checks the form alone: the columns and the values that they take are for whoever has the files.
arrow::Result<std::optional<Filter>> ReadFilter(Napi::Object options);

}  // namespace packed::binding
