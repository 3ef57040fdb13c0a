#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "arrow/array.h"
#include "arrow/result.h"
#include "parquet/schema.h"

#include "column_form.h"
#include "encoded_chunk.h"
#include "page_encode.h"
#include "parquet_properties.h"
#include "pending_rows.h"
#include "write_plan.h"

namespace packed {

/// What one job makes of a column: a page, or the whole chunk (one per leaf).
using ColumnPart = std::variant<EncodedPage, std::vector<LiftedChunk>>;

/// Work that any thread can do, in any order. Holds the arrays it needs, which may be the
/// caller's: it has to run before these are given back.
struct EncodeJob {
  int64_t cost;  ///< to compare jobs by; about the bytes that a plain copy would move meanwhile
  int64_t output_bytes;  ///< what the file gets of it, about
  std::function<arrow::Result<ColumnPart>()> run;
};

/// \brief One top-level column of a file: cuts its rows into jobs, keeps what does not fill one.
///
/// The parts that the jobs of a row group make, in job order, are its column chunk. Where they are
/// cut depends on the rows of the row group alone. One thread at a time.
class ColumnEncoder {
 public:
  /// `leaf` is the column as Parquet sees it where it is a single leaf, else null. What is referred
  /// to lives longer.
  ColumnEncoder(const ColumnPlan& plan, const parquet::ColumnDescriptor* leaf,
                const PropertiesByEncoding& properties);

  /// \brief The next rows of the open row group, as stored; the last ones if `closing`.
  ///
  /// Borrows them until Keep or the next call that closes.
  arrow::Status Take(const std::shared_ptr<arrow::Array>& rows, bool closing,
                     std::vector<EncodeJob>* jobs);

  /// \brief Copy the rows that are in no job; `bits` is a bound of their size.
  arrow::Status Keep(int64_t bits);

  /// Rows that are in no job yet.
  int64_t waiting_rows() const;

  void Discard();

 private:
  EncodeJob MakePageJob(arrow::ArrayVector pieces) const;
  EncodeJob MakeArrowJob(arrow::ArrayVector pieces) const;
  /// Jobs for full pages, or for all rows; returns the rows that are in a job.
  int64_t CutPages(const arrow::ArrayVector& pieces, int64_t rows, bool closing,
                   std::vector<EncodeJob>* jobs) const;

  const SampledColumn column_;
  std::optional<ColumnForm> form_;  ///< of the open row group, once its first rows have chosen it
  PendingRows pending_;
  arrow::ArrayVector rest_;  ///< borrowed rows that are in no job yet
};

}  // namespace packed
