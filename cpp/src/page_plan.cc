#include "page_plan.h"

#include <algorithm>

#include "page_encode.h"

namespace packed {
namespace {

constexpr int64_t kDefaultBufferBytes = int64_t{32} << 20;
/// Rows after which Parquet's own writer looks whether a page is full.
constexpr int64_t kStockBatchRows = 1024;
constexpr int64_t kStockPageBytes = 1 << 20;
constexpr int64_t kVectorPageBytes = 1 << 20;
/// Small enough for a thread's cache; a row group's worth of columns waits for full pages.
constexpr int64_t kScalarPageBytes = 256 << 10;
constexpr int64_t kStoredPageAlignment = 64;

/// Long enough that a batch over a page of a mapped file is worth its price, short enough that
/// rows of it may wait.
constexpr int64_t kStoredPageBytes = 8 << 20;

bool IsStored(const ColumnPlan& plan) {
  return plan.codec.type == arrow::Compression::UNCOMPRESSED && !plan.byte_stream_split;
}

/// Vectors that are stored because somebody said so: a mapped file hands them out where they are.
void PlanStoredPages(ColumnPlan* plan) {
  plan->page_alignment = kStoredPageAlignment;
  plan->page_bytes = kStoredPageBytes;
  plan->page_rows = std::max<int64_t>(1, kStoredPageBytes / ValueBytes(*plan->stored->type()));
}

/// Dense vectors as Parquet's own writer would cut them; everything else is left to that writer.
void PlanMilvusPages(const ColumnOptions& column, const WriterOptions& options, ColumnPlan* plan) {
  plan->own_pages = plan->dense_vector && !plan->dictionary && !plan->stored->nullable() &&
                    options.compatibility == Compatibility::kCurrent &&
                    IsPageType(*plan->stored->type());
  if (!plan->own_pages) return;
  const bool asked = column.codec || options.vector_codec;
  if (asked && IsStored(*plan)) return PlanStoredPages(plan);
  const int64_t batch_bytes = kStockBatchRows * ValueBytes(*plan->stored->type());
  plan->page_rows = (kStockPageBytes + batch_bytes - 1) / batch_bytes * kStockBatchRows;
}

void PlanFastPages(const ColumnOptions& column, const WriterOptions& options, ColumnPlan* plan) {
  plan->own_pages = IsPageType(*plan->stored->type()) && !column.dictionary.value_or(false);
  if (!plan->own_pages) return;
  plan->byte_stream_split = column.byte_stream_split;
  plan->sampled = !plan->dense_vector && !column.dictionary && !column.byte_stream_split;
  plan->adaptive = !column.codec && !(plan->dense_vector && options.vector_codec) &&
                   plan->codec.type == arrow::Compression::ZSTD;
  plan->page_bytes = plan->dense_vector ? kVectorPageBytes : kScalarPageBytes;
  if (const int64_t width = ValueBytes(*plan->stored->type()); width > 0) {
    plan->page_rows = std::max<int64_t>(1, plan->page_bytes / width);
  }
  if (plan->dense_vector && IsStored(*plan)) PlanStoredPages(plan);
}

}  // namespace

void PlanPages(const ColumnOptions& column, const WriterOptions& options, ColumnPlan* plan) {
  if (options.layout == Layout::kFast) {
    PlanFastPages(column, options, plan);
  } else {
    PlanMilvusPages(column, options, plan);
  }
}

int64_t BufferBytes(const WriterOptions& options) {
  return options.buffer_bytes == 0 ? kDefaultBufferBytes : options.buffer_bytes;
}

/// In layout fast every group that keeps an open row group gets an equal share of the buffer, so
/// that none is ever cut early: the files do not depend on how the rows come.
void PlanRowGroups(const WriterOptions& options, std::vector<GroupPlan>* groups) {
  for (auto& group : *groups) group.row_group_bytes = options.row_group_bytes;
  if (options.layout != Layout::kFast) return;
  const auto keeping = std::count_if(groups->begin(), groups->end(),
                                     [](const auto& group) { return !group.streams(); });
  if (keeping == 0) return;
  const int64_t share = std::max(BufferBytes(options) / keeping, kLeastGroupBytes);
  for (auto& group : *groups) {
    if (!group.streams()) group.row_group_bytes = std::min(group.row_group_bytes, share);
  }
}

}  // namespace packed
