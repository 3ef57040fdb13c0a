#pragma once

#include "arrow/array.h"

namespace packed {

/// \brief Whether distinct values over all values of a sample, nulls apart, are fewer than
/// `threshold`. Of types as IsPageType has them; false where there is no value.
bool HasFewDistinct(const arrow::ArrayVector& sample, double threshold);

/// \brief Distinct values over all values, nulls apart; 0 where there is none.
double DistinctRatio(const arrow::ArrayVector& sample);

}  // namespace packed
