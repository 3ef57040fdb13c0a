#include "page_plan.h"

#include <algorithm>

#include "codec_check.h"
#include "column_encoding.h"
#include "page_encode.h"

namespace packed {

using arrow::Status;

namespace {

constexpr int64_t kDefaultBufferBytes = int64_t{32} << 20;
/// Rows after which Parquet's own writer looks whether a page is full.
constexpr int64_t kStockBatchRows = 1024;
constexpr int64_t kStockPageBytes = 1 << 20;
constexpr int64_t kVectorPageBytes = 1 << 20;
/// Small enough for a thread's cache; a row group's worth of columns waits for full pages. Above
/// 256 KiB, where the fast levels of ZSTD look for longer matches only: 7 % less time on texts,
/// keys and numbers together, and no byte more.
constexpr int64_t kScalarPageBytes = 512 << 10;
/// In layout small: what a codec looks back at, about.
constexpr int64_t kSmallPageBytes = 1 << 20;
constexpr int64_t kStoredPageAlignment = 64;

constexpr int64_t kFastSampleRows = 4096;
/// Enough that a dictionary shows whether it goes on growing.
constexpr int64_t kSmallSampleRows = 16384;
/// Without a trial, a dictionary has to be sure to pay.
constexpr double kFastDictionaryThreshold = 0.25;
constexpr double kSmallDictionaryThreshold = 0.7;

/// The level whose search is tuned for vectors: others take more time for what they find.
constexpr int kTunedLevel = 1;
/// Repeats of 6 bytes where the level has 7 in pages of this size, and twice as many places: 10 %
/// less time and 5 % fewer bytes on quantised vectors, the same on others.
constexpr ZstdSearch kVectorSearch = {.min_match = 6, .hash_log = 15};
/// Split bytes repeat near by: a table that fits the fastest cache takes 17 % less time for 2 %
/// more bytes.
constexpr ZstdSearch kSplitSearch = {.min_match = 7, .hash_log = 12};

/// Long enough that a batch over a page of a mapped file is worth its price, short enough that
/// rows of it may wait.
constexpr int64_t kStoredPageBytes = 8 << 20;

bool IsStored(const ColumnPlan& plan) {
  return plan.codec.type == arrow::Compression::UNCOMPRESSED &&
         plan.encoding == ColumnEncoding::kPlain;
}

/// Vectors that are stored because somebody said so: a mapped file hands them out where they are.
void PlanStoredPages(ColumnPlan* plan) {
  plan->page_alignment = kStoredPageAlignment;
  plan->page_bytes = kStoredPageBytes;
  plan->page_rows = std::max<int64_t>(1, kStoredPageBytes / ValueBytes(*plan->stored->type()));
}

/// Dense vectors as Parquet's own writer would cut them; everything else is left to that writer.
void PlanMilvusPages(const ColumnOptions& column, const WriterOptions& options, ColumnPlan* plan) {
  plan->own_pages = plan->dense_vector && plan->encoding == ColumnEncoding::kPlain &&
                    !plan->stored->nullable() && options.compatibility == Compatibility::kCurrent &&
                    IsPageType(*plan->stored->type());
  if (!plan->own_pages) return;
  const bool asked = column.codec || options.vector_codec;
  if (asked && IsStored(*plan)) return PlanStoredPages(plan);
  const int64_t batch_bytes = kStockBatchRows * ValueBytes(*plan->stored->type());
  plan->page_rows = (kStockPageBytes + batch_bytes - 1) / batch_bytes * kStockBatchRows;
}

/// Pages of so many bytes, or as the caller has it.
void CutPages(int64_t page_bytes, const WriterOptions& options, ColumnPlan* plan) {
  plan->page_bytes = options.page_bytes > 0 ? options.page_bytes : page_bytes;
  if (const int64_t width = ValueBytes(*plan->stored->type()); width > 0) {
    plan->page_rows = std::max<int64_t>(1, plan->page_bytes / width);
  }
}

void PlanFastPages(const ColumnOptions& column, const WriterOptions& options, ColumnPlan* plan) {
  plan->own_pages =
      IsPageType(*plan->stored->type()) && column.encoding != ColumnEncoding::kDictionary;
  if (!plan->own_pages) return;
  plan->sampled = !plan->dense_vector && !column.encoding;
  plan->sample_rows = kFastSampleRows;
  plan->dictionary_threshold = options.dictionary_threshold.value_or(kFastDictionaryThreshold);
  plan->deltas = options.delta_encoding;
  plan->adaptive = !column.codec && !(plan->dense_vector && options.vector_codec) &&
                   plan->codec.type == arrow::Compression::ZSTD;
  plan->tuned = plan->dense_vector && plan->codec.type == arrow::Compression::ZSTD &&
                EffectiveLevel(plan->codec) == kTunedLevel;
  CutPages(plan->dense_vector ? kVectorPageBytes : kScalarPageBytes, options, plan);
  if (plan->dense_vector && IsStored(*plan)) PlanStoredPages(plan);
}

Status PlanSmallPages(const ColumnOptions& column, const WriterOptions& options, ColumnPlan* plan) {
  const arrow::DataType& type = *plan->stored->type();
  if (plan->dense_vector && IsStored(*plan)) {
    PlanFastPages(column, options, plan);
    return Status::OK();
  }
  plan->own_pages = IsPageType(type) && column.encoding != ColumnEncoding::kDictionary;
  plan->dictionary_threshold = options.dictionary_threshold.value_or(kSmallDictionaryThreshold);
  CutPages(kSmallPageBytes, options, plan);
  plan->sample_rows = IsPageType(type) ? kSmallSampleRows : kFastSampleRows;
  if (plan->dense_vector) {
    const int64_t most = std::max<int64_t>(1, kSmallPageBytes / ValueBytes(type));
    plan->sample_rows = std::min({plan->sample_rows, plan->page_rows, most});
  }
  if (column.encoding) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(plan->choices, ChoicesFor(*plan, options.delta_encoding));
  plan->sampled = plan->choices.size() > 1;
  if (!plan->sampled) plan->encoding = ColumnEncoding::kPlain;
  return Status::OK();
}

}  // namespace

ZstdSearch SearchOf(const ColumnPlan& plan, ColumnEncoding encoding) {
  if (!plan.tuned) return {};
  return encoding == ColumnEncoding::kByteStreamSplit ? kSplitSearch : kVectorSearch;
}

Status PlanPages(const ColumnOptions& column, const WriterOptions& options, ColumnPlan* plan) {
  switch (options.layout) {
    case Layout::kMilvus:
      PlanMilvusPages(column, options, plan);
      return Status::OK();
    case Layout::kFast:
      PlanFastPages(column, options, plan);
      return Status::OK();
    case Layout::kSmall:
      return PlanSmallPages(column, options, plan);
  }
  return Status::OK();
}

WriterOptions DefaultOptions(Layout layout) {
  WriterOptions options;
  options.layout = layout;
  if (layout == Layout::kFast) {
    options.codec.level = 1;
    options.row_group_bytes = int64_t{64} << 20;
    options.buffer_bytes = int64_t{128} << 20;
  } else if (layout == Layout::kSmall) {
    options.codec.level = 9;
    options.row_group_bytes = int64_t{128} << 20;
    options.buffer_bytes = int64_t{256} << 20;
  }
  return options;
}

int64_t BufferBytes(const WriterOptions& options) {
  return options.buffer_bytes == 0 ? kDefaultBufferBytes : options.buffer_bytes;
}

/// But in layout milvus, every group that keeps an open row group gets an equal share of the
/// buffer, so that none is ever cut early: the files do not depend on how the rows come.
void PlanRowGroups(const WriterOptions& options, std::vector<GroupPlan>* groups) {
  for (auto& group : *groups) group.row_group_bytes = options.row_group_bytes;
  if (options.layout == Layout::kMilvus) return;
  const auto keeping = std::count_if(groups->begin(), groups->end(),
                                     [](const auto& group) { return !group.streams(); });
  if (keeping == 0) return;
  const int64_t share = std::max(BufferBytes(options) / keeping, kLeastGroupBytes);
  for (auto& group : *groups) {
    if (!group.streams()) group.row_group_bytes = std::min(group.row_group_bytes, share);
  }
}

}  // namespace packed
