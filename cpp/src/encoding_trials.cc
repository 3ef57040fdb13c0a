#include "encoding_trials.h"

#include <algorithm>

#include "arrow_chunk.h"
#include "column_encoding.h"
#include "distinct_values.h"
#include "page_cut.h"
#include "page_encode.h"

namespace packed {
namespace {

using arrow::ArrayVector;
using arrow::Result;

/// Of a sample, so that large values do not make it large.
constexpr int64_t kMostSampleBytes = 2 << 20;
/// A column chunk has at least so many times the rows of a sample, mostly.
constexpr int64_t kSamplesPerChunk = 16;

/// Fewer rows where these are large.
ArrayVector Bounded(const ArrayVector& sample) {
  const int64_t rows = RowsOf(sample);
  if (!IsPageType(*sample[0]->type())) return sample;
  const int64_t width = ValueBytes(*sample[0]->type());
  const int64_t page_rows = width > 0 ? std::max<int64_t>(1, kMostSampleBytes / width) : 0;
  const int64_t end = PageEnd(sample, 0, page_rows, kMostSampleBytes);
  return end < 0 ? sample : SliceRows(sample, 0, std::min(end, rows));
}

int64_t DictionaryBytes(const std::vector<LiftedChunk>& chunks) {
  int64_t bytes = 0;
  for (const auto& chunk : chunks) {
    if (chunk.dictionary_offset >= 0) bytes += chunk.data_offset - chunk.dictionary_offset;
  }
  return bytes;
}

Result<int64_t> TryPage(const SampledColumn& column, ColumnEncoding encoding,
                        const ArrayVector& sample) {
  PageForm form;
  form.column = column.leaf;
  form.encoding = ParquetEncoding(encoding);
  form.compression = {column.plan.codec, false};
  form.trial = true;
  ARROW_ASSIGN_OR_RAISE(const auto page, EncodePage(form, sample));
  return page.facts.stored_bytes;
}

Result<std::vector<LiftedChunk>> EncodeChunk(const SampledColumn& column, ColumnEncoding encoding,
                                             const ArrayVector& sample) {
  return EncodeByArrow(column.plan.stored, sample, column.properties.at(encoding),
                       /*trial=*/true);
}

Result<int64_t> TryDictionary(const SampledColumn& column, const ArrayVector& sample) {
  const int64_t half = RowsOf(sample) / 2;
  ARROW_ASSIGN_OR_RAISE(const auto chunks,
                        EncodeChunk(column, ColumnEncoding::kDictionary, sample));
  const int64_t entries = DictionaryBytes(chunks);
  int64_t before = 0;
  if (half > 0) {
    ARROW_ASSIGN_OR_RAISE(const auto first, EncodeChunk(column, ColumnEncoding::kDictionary,
                                                        SliceRows(sample, 0, half)));
    before = DictionaryBytes(first);
  }
  const int64_t growth = std::clamp(2 * (entries - before), entries / kSamplesPerChunk, entries);
  return StoredBytes(chunks) - entries + growth;
}

Result<int64_t> Try(const SampledColumn& column, ColumnEncoding encoding,
                    const ArrayVector& sample) {
  if (encoding == ColumnEncoding::kDictionary) return TryDictionary(column, sample);
  if (column.plan.own_pages) return TryPage(column, encoding, sample);
  ARROW_ASSIGN_OR_RAISE(const auto chunks, EncodeChunk(column, encoding, sample));
  return StoredBytes(chunks);
}

/// Of nested values nobody counts the distinct ones: there the trial alone decides.
bool Allows(const SampledColumn& column, ColumnEncoding encoding, const ArrayVector& sample) {
  if (encoding != ColumnEncoding::kDictionary || !IsPageType(*sample[0]->type())) return true;
  return HasFewDistinct(sample, column.plan.dictionary_threshold);
}

}  // namespace

const parquet::ColumnDescriptor* LeafOf(const parquet::SchemaDescriptor& schema, size_t column) {
  const auto& node = schema.group_node()->field(static_cast<int>(column));
  if (!node->is_primitive()) return nullptr;
  for (int leaf = 0; leaf < schema.num_columns(); ++leaf) {
    if (schema.GetColumnRoot(leaf) == node.get()) return schema.Column(leaf);
  }
  return nullptr;
}

int64_t StoredBytes(const std::vector<LiftedChunk>& chunks) {
  int64_t bytes = 0;
  for (const auto& chunk : chunks) bytes += chunk.bytes->size();
  return bytes;
}

Result<std::vector<EncodingTrial>> TryEncodings(const SampledColumn& column,
                                                const ArrayVector& sample) {
  const ArrayVector rows = Bounded(sample);
  std::vector<EncodingTrial> trials;
  for (const ColumnEncoding encoding : column.plan.choices) {
    if (column.plan.choices.size() > 1 && !Allows(column, encoding, rows)) continue;
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, Try(column, encoding, rows));
    trials.push_back({encoding, bytes});
  }
  std::stable_sort(trials.begin(), trials.end(),
                   [](const auto& left, const auto& right) { return left.bytes < right.bytes; });
  return trials;
}

}  // namespace packed
