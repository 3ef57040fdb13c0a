#pragma once

#include <cstdint>

#include "arrow/array.h"

namespace packed {

/// Rows of all pieces.
int64_t RowsOf(const arrow::ArrayVector& pieces);

/// \brief Rows `begin` to `end` (or the last) of the pieces taken as one array; none is empty.
arrow::ArrayVector SliceRows(const arrow::ArrayVector& pieces, int64_t begin, int64_t end);

/// \brief Bytes of the rows in a PLAIN page, had it no nulls; an estimate for nested types.
int64_t PlainSize(const arrow::Array& rows);

/// \brief Where the page that starts at row `begin` ends: after `page_rows` rows or, where these
/// are 0, after the row with which it reaches `page_bytes`. -1 when the rows do not fill it.
///
/// Of types as IsPageType has them.
int64_t PageEnd(const arrow::ArrayVector& pieces, int64_t begin, int64_t page_rows,
                int64_t page_bytes);

}  // namespace packed
