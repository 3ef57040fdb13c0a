#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"

#include "packed/writer.h"

namespace packed {

/// What the rows of a sample take in one encoding, compressed.
struct EncodingTrial {
  ColumnEncoding encoding = ColumnEncoding::kPlain;
  int64_t bytes = 0;
};

/// How a column had best be encoded.
struct ColumnLayout {
  std::string name;
  ColumnEncoding encoding = ColumnEncoding::kPlain;  ///< the first of `trials`
  std::vector<EncodingTrial> trials;  ///< the smallest first; one where there is no choice
  int64_t sample_rows = 0;
  /// Distinct values over all values of the sample, nulls apart; unset where nobody counts: nested
  /// values, bits and dense vectors.
  std::optional<double> distinct_ratio;
};

/// \brief Encode a sample of the rows in every encoding that layout small would try, and say what
/// comes out smallest.
///
/// The sample is spread over the rows and depends on them alone. Of `options` those of columns,
/// codec, dictionary, deltas, concurrency and cancel count; a column with an encoding of its own
/// keeps it. Batches without a row give kPlain, or what was asked for, and no bytes. Fields, types
/// and rows of the sample are checked as a writer does.
arrow::Result<std::vector<ColumnLayout>> OptimizeColumnLayout(
    std::shared_ptr<arrow::Schema> schema, const arrow::RecordBatchVector& batches,
    WriterOptions options);

}  // namespace packed
