#pragma once

#include <optional>
#include <string>
#include <utility>

#include "parquet/statistics.h"

namespace packed {

/// \brief Least and greatest value of a column chunk for a person to read; none where the footer
/// does not have both.
///
/// Numbers have all their digits, in the unit that is stored; bytes that are no UTF-8 are `0x…`.
/// What is longer than 128 bytes is cut and ends in `…`.
std::optional<std::pair<std::string, std::string>> RangeText(const parquet::Statistics& statistics);

}  // namespace packed
