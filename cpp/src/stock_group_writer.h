#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "parquet/arrow/writer.h"

#include "arrow_meter.h"
#include "group_file.h"
#include "group_writer.h"
#include "incoming_rows.h"
#include "packed/cancel.h"
#include "packed/encryption.h"
#include "pending_rows.h"

namespace packed {

/// \brief A column group written by Arrow's own writer, a column chunk at a time.
///
/// For encrypted files, and to compare the other writer's files with. Its steps do the work
/// themselves; there are no tasks. Where a sample chooses among encodings it is of the first row
/// group, for all of them: Arrow's writer has one encoding for each column of a file.
class StockGroupWriter final : public GroupWriter {
 public:
  static arrow::Result<std::unique_ptr<GroupWriter>> Open(const GroupPlan& plan,
                                                          const WriterOptions& options,
                                                          FileStore& store,
                                                          WriterCounters* counters);
  ~StockGroupWriter() override;

  arrow::Status Accept(const arrow::RecordBatch& batch, WriteTasks* tasks) override;
  int64_t unwritten_bytes() const override;
  arrow::Status Flush(WriteTasks* tasks) override;
  arrow::Status Keep() override;
  arrow::Result<GroupResult> Finish(const GroupFieldIds& field_ids,
                                    const WriterOptions& options) override;
  arrow::Status Publish() override;
  arrow::Status Unpublish() override;

 private:
  StockGroupWriter(const GroupPlan& plan, const WriterOptions& options, WriterCounters* counters);

  arrow::Status Start(const WriterOptions& options, FileStore& store);
  /// Arrow's writer, with the encodings that the first row group chooses: the pending rows and the
  /// incoming ones up to `end`.
  arrow::Status OpenParquet(int64_t end);
  /// The plan with what the first rows choose.
  arrow::Result<GroupPlan> ChooseEncodings(int64_t end) const;
  /// All pending rows of a column, and the incoming ones up to `end`.
  arrow::Result<arrow::ArrayVector> RowsUpTo(size_t column, int64_t end) const;
  /// One row group of all pending rows and of the incoming rows up to `end`.
  arrow::Status WriteRowGroup(int64_t end);
  arrow::Status CheckRowGroupLimit() const;
  arrow::Status WriteColumn(size_t column, int64_t end);
  arrow::Status CopyRest();
  void CountBuffered(int64_t bits_before);
  void Drop() noexcept;

  const GroupPlan& plan_;
  CancelToken cancel_;
  WriterCounters* counters_;
  const bool encrypted_;
  const Compatibility compatibility_;
  std::optional<Encryption> encryption_;  ///< until Arrow's writer has it

  GroupFile file_;
  std::unique_ptr<parquet::arrow::FileWriter> parquet_;
  ArrowWriteMeter meter_;

  std::optional<IncomingRows> incoming_;
  PendingRows pending_;
};

}  // namespace packed
