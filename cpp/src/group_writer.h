#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "parquet/arrow/writer.h"

#include "counting_sink.h"
#include "packed/cancel.h"
#include "packed/format.h"
#include "packed/storage.h"
#include "packed/writer.h"
#include "pending_rows.h"
#include "row_sizer.h"
#include "write_plan.h"

namespace packed {

/// Totals over all groups of a writer, for progress() on any thread.
struct WriterCounters {
  std::atomic<int64_t> rows{0};
  std::atomic<int64_t> bytes_in{0};
  std::atomic<int64_t> bytes_out{0};
  std::atomic<int64_t> buffered_bytes{0};
  std::atomic<int64_t> row_groups{0};
};

/// \brief One column group and its file.
///
/// A batch is taken in two steps, so that the writer can look at all groups in between:
/// Accept writes what fills row groups, Settle copies the rest or writes it too. One thread at
/// a time, not always the same.
class GroupWriter {
 public:
  /// `plan` and `counters` must outlive the writer.
  static arrow::Result<std::unique_ptr<GroupWriter>> Open(const GroupPlan& plan,
                                                          const WriterOptions& options,
                                                          FileStore& store,
                                                          WriterCounters* counters);
  ~GroupWriter();

  /// \brief Size the group's columns of a checked batch and write the row groups they fill.
  ///
  /// Borrows the batch until Settle or Discard.
  arrow::Status Accept(const arrow::RecordBatch& batch);

  /// Decoded bytes that are not in a row group yet: pending ones and the rest of the batch.
  int64_t unwritten_bytes() const;

  /// \brief Give the batch back: its rest is written together with the pending rows when
  /// `flush`, copied behind them otherwise.
  arrow::Status Settle(bool flush);

  /// \brief Write the pending rows and the footer, seal the file.
  arrow::Result<GroupResult> Finish(const GroupFieldIds& field_ids, const WriterOptions& options);

  arrow::Status Publish();
  arrow::Status Unpublish();

  /// \brief Drop rows and file; idempotent.
  void Discard() noexcept;

 private:
  /// The rows of the caller's batch that are still to be taken.
  struct Incoming {
    std::vector<std::shared_ptr<arrow::ArrayData>> columns;
    RowSizer sizer;
    int64_t begin;
    int64_t end;

    int64_t bits() const { return sizer.Bits(begin, end); }
  };

  GroupWriter(const GroupPlan& plan, const WriterOptions& options, WriterCounters* counters);

  arrow::Status Start(const WriterOptions& options, FileStore& store);
  /// One row group of all pending rows and of the incoming rows up to `end`.
  arrow::Status WriteRowGroup(int64_t end);
  arrow::Status CheckRowGroupLimit() const;
  arrow::Status WriteColumn(size_t column, int64_t begin, int64_t end);
  arrow::Result<std::shared_ptr<arrow::ArrayData>> StoredSlice(size_t column, int64_t begin,
                                                               int64_t end) const;
  arrow::Status CopyRest();
  void CountBuffered(int64_t bits_before);
  /// Names the file and, where one is meant, the field in whatever went wrong.
  arrow::Status Explain(const arrow::Status& status, const std::string& field = "") const;

  const GroupPlan& plan_;
  CancelToken cancel_;
  WriterCounters* counters_;
  const bool encrypted_;
  int64_t row_group_bits_;  ///< the target, less what does not depend on rows
  int64_t trailing_bits_ = 0;

  std::unique_ptr<PendingFile> file_;
  std::shared_ptr<CountingSink> sink_;
  std::unique_ptr<parquet::arrow::FileWriter> parquet_;

  std::optional<Incoming> incoming_;
  PendingRows pending_;
  std::vector<RowGroupRecord> row_groups_;
  std::vector<int64_t> null_counts_;
  int64_t rows_ = 0;
};

}  // namespace packed
