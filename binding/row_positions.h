#pragma once

#include <cstdint>
#include <vector>

#include "arrow/result.h"

#include "napi_setup.h"

namespace packed::binding {

/// \brief Positions of rows out of a Float64Array of safe integers. JS thread.
arrow::Result<std::vector<int64_t>> ReadPositions(Napi::Value value);

}  // namespace packed::binding
