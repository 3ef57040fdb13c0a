#pragma once

#include <cstdint>
#include <vector>

#include "arrow/status.h"

#include "packed/writer.h"

#include "page_zstd.h"
#include "write_plan.h"

namespace packed {

/// \brief Decide how the pages of a column are made, by the layout; everything else of `plan` is
/// decided.
arrow::Status PlanPages(const ColumnOptions& column, const WriterOptions& options,
                        ColumnPlan* plan);

/// How ZSTD looks for repeats in pages of a column that is encoded so.
ZstdSearch SearchOf(const ColumnPlan& plan, ColumnEncoding encoding);

/// \brief Decide where the row groups of every group are cut; their columns are planned.
void PlanRowGroups(const WriterOptions& options, std::vector<GroupPlan>* groups);

/// A group may always keep an ordinary row group's worth of rows, however small the buffer is.
constexpr int64_t kLeastGroupBytes = int64_t{1} << 20;

/// The bound that the options set, or the default.
int64_t BufferBytes(const WriterOptions& options);

}  // namespace packed
