#pragma once

#include "arrow/array.h"

namespace packed {

/// \brief What `array.ValidateFull()` says, sooner where `array` holds texts.
///
/// Arrow looks at one text after the other; here all bytes are looked at as one, and the texts one
/// by one only where that fails.
arrow::Status ValidateColumn(const arrow::Array& array);

}  // namespace packed
