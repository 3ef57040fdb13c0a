#include "column_encoder.h"

#include <algorithm>
#include <utility>

#include "arrow_chunk.h"
#include "column_encoding.h"
#include "page_cut.h"
#include "page_plan.h"

namespace packed {

using arrow::ArrayVector;
using arrow::Result;
using arrow::Status;

namespace {

/// Costs per byte, in copies.
constexpr int64_t kStoreCost = 1;
constexpr int64_t kAdaptiveCost = 3;
constexpr int64_t kCompressCost = 12;
constexpr int64_t kArrowCost = 16;
/// What is compressed whatever comes of it shrinks to about a part in so many.
constexpr int64_t kUsualRatio = 2;

/// Rough: good enough to put a long job before a short one.
int64_t BytesOf(const ArrayVector& pieces) {
  int64_t bytes = 0;
  for (const auto& piece : pieces) bytes += PlainSize(*piece);
  return bytes;
}

/// A dictionary was full, and PLAIN pages follow those of its indices.
bool FellBack(const std::vector<LiftedChunk>& chunks) {
  return std::any_of(chunks.begin(), chunks.end(), [](const LiftedChunk& chunk) {
    return chunk.dictionary_offset >= 0 && chunk.data_encodings.size() > 1;
  });
}

/// A column that is not sampled keeps its own encoding in all of them.
std::shared_ptr<parquet::WriterProperties> PropertiesFor(const PropertiesByEncoding& properties,
                                                         ColumnEncoding encoding) {
  const auto found = properties.find(encoding);
  return found == properties.end() ? properties.at(ColumnEncoding::kPlain) : found->second;
}

int64_t PageCost(const PageCompression& compression) {
  if (compression.codec.type == arrow::Compression::UNCOMPRESSED) return kStoreCost;
  return compression.adaptive ? kAdaptiveCost : kCompressCost;
}

}  // namespace

ColumnEncoder::ColumnEncoder(const ColumnPlan& plan, const parquet::ColumnDescriptor* leaf,
                             const PropertiesByEncoding& properties)
    : column_{plan, leaf, properties} {}

Status ColumnEncoder::Take(const std::shared_ptr<arrow::Array>& rows, bool closing,
                           std::vector<EncodeJob>* jobs) {
  ArrayVector pieces = pending_.Chunks(0);
  pieces.insert(pieces.end(), rest_.begin(), rest_.end());
  if (rows != nullptr && rows->length() > 0) pieces.push_back(rows);
  const int64_t count = RowsOf(pieces);
  const ColumnPlan& plan = column_.plan;
  if (!form_ && (closing || !plan.sampled || count >= plan.sample_rows)) {
    ARROW_ASSIGN_OR_RAISE(form_, ChooseForm(column_, SliceRows(pieces, 0, plan.sample_rows)));
  }
  int64_t taken = 0;
  if (form_ && form_->pages) {
    taken = CutPages(pieces, count, closing, jobs);
  } else if (closing) {
    jobs->push_back(MakeArrowJob(pieces));
    taken = count;
  }
  if (taken > 0) {
    rest_ = SliceRows(pieces, taken, count);
    pending_.Clear();  // jobs and rest share what they need of it
  } else if (rows != nullptr && rows->length() > 0) {
    rest_.push_back(rows);
  }
  if (closing) form_.reset();
  return Status::OK();
}

Status ColumnEncoder::Keep(int64_t bits) {
  for (const auto& rows : std::exchange(rest_, {})) {
    ARROW_RETURN_NOT_OK(pending_.Append({rows->data()}, bits));
  }
  return Status::OK();
}

int64_t ColumnEncoder::waiting_rows() const { return pending_.rows() + RowsOf(rest_); }

void ColumnEncoder::Discard() {
  rest_.clear();
  pending_.Clear();
}

int64_t ColumnEncoder::CutPages(const ArrayVector& pieces, int64_t rows, bool closing,
                                std::vector<EncodeJob>* jobs) const {
  int64_t begin = 0;
  while (begin < rows) {
    int64_t end = PageEnd(pieces, begin, column_.plan.page_rows, column_.plan.page_bytes);
    if (end < 0 && !closing) break;
    if (end < 0) end = rows;
    jobs->push_back(MakePageJob(SliceRows(pieces, begin, end)));
    begin = end;
  }
  return begin;
}

EncodeJob ColumnEncoder::MakePageJob(ArrayVector pieces) const {
  PageForm form;
  form.column = column_.leaf;
  form.encoding = ParquetEncoding(form_->encoding);
  form.compression = {column_.plan.codec, column_.plan.adaptive,
                      SearchOf(column_.plan, form_->encoding)};
  form.statistics =
      column_.properties.at(ColumnEncoding::kPlain)->statistics_enabled(column_.leaf->path());
  const int64_t bytes = BytesOf(pieces);
  const int64_t page_cost = PageCost(form.compression);
  const int64_t output = page_cost == kCompressCost ? bytes / kUsualRatio : bytes;
  return {bytes * page_cost, output, [form, pieces = std::move(pieces)]() -> Result<ColumnPart> {
            ARROW_ASSIGN_OR_RAISE(auto page, EncodePage(form, pieces));
            return ColumnPart(std::move(page));
          }};
}

EncodeJob ColumnEncoder::MakeArrowJob(ArrayVector pieces) const {
  const auto chosen = PropertiesFor(column_.properties, form_->encoding);
  // Only a dictionary that was a choice among others may be taken back.
  const bool fallible = form_->otherwise != form_->encoding;
  const auto otherwise = fallible ? PropertiesFor(column_.properties, form_->otherwise) : nullptr;
  const int64_t bytes = BytesOf(pieces);
  return {bytes * kArrowCost, bytes / kUsualRatio,
          [stored = column_.plan.stored, chosen, otherwise,
           pieces = std::move(pieces)]() -> Result<ColumnPart> {
            ARROW_ASSIGN_OR_RAISE(auto chunks, EncodeByArrow(stored, pieces, chosen));
            if (otherwise == nullptr || !FellBack(chunks)) return ColumnPart(std::move(chunks));
            ARROW_ASSIGN_OR_RAISE(auto others, EncodeByArrow(stored, pieces, otherwise));
            const bool smaller = StoredBytes(others) < StoredBytes(chunks);
            return ColumnPart(std::move(smaller ? others : chunks));
          }};
}

}  // namespace packed
