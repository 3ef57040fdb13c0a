#pragma once

#include <optional>

#include "footer.h"
#include "packed/bloom.h"

namespace packed {

/// \brief Between which keys those of a row group are, by the statistics of a top-level column;
/// nothing where the file does not say, or not in a way that keys could be held against.
///
/// Only of columns that are stored as keys are: int64 and utf8. Throws as Parquet does.
std::optional<KeyRange> KeyRangeOf(const Footer& footer, int column, int row_group);

}  // namespace packed
