#pragma once

#include <cstdint>

#include "arrow/array.h"
#include "arrow/util/bit_run_reader.h"

namespace packed {

/// \brief Call visit(first row, rows) for every run of valid rows.
template <typename Visit>
void ForEachRun(const arrow::Array& piece, Visit&& visit) {
  if (piece.length() == 0) return;
  if (piece.null_count() == 0) {
    visit(int64_t{0}, piece.length());
    return;
  }
  arrow::internal::SetBitRunReader runs(piece.null_bitmap_data(), piece.offset(), piece.length());
  for (auto run = runs.NextRun(); run.length > 0; run = runs.NextRun()) {
    visit(run.position, run.length);
  }
}

}  // namespace packed
