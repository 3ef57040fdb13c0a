#pragma once

#include <cstdint>
#include <vector>

#include "filter_bind.h"
#include "filter_bounds.h"

namespace packed {

/// What a filter may be for some row: a set of these.
using Outcomes = uint8_t;
inline constexpr Outcomes kMayBeTrue = 1;
inline constexpr Outcomes kMayBeFalse = 2;
inline constexpr Outcomes kMayBeNull = 4;

/// \brief What `filter` may be for rows of which `columns` (by column of the bound schema) is
/// known: every outcome that a row has is among them.
Outcomes OutcomesOf(const BoundFilter& filter, const std::vector<const ColumnBounds*>& columns);

}  // namespace packed
