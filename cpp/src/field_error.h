#pragma once

#include <string>

#include "arrow/status.h"

#include "packed/error.h"

namespace packed {

/// \brief An error of a field, whatever file it is in.
inline arrow::Status FieldError(ErrorCode code, const std::string& message,
                                const std::string& field) {
  return MakeError(code, message, {"", field});
}

}  // namespace packed
