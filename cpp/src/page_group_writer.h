#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"

#include "chunk_file.h"
#include "column_encoder.h"
#include "group_file.h"
#include "group_writer.h"
#include "incoming_rows.h"
#include "packed/cancel.h"
#include "parquet_properties.h"
#include "part_sequence.h"

namespace packed {

/// \brief A column group whose pages and column chunks are encoded as tasks of their own.
class PageGroupWriter final : public GroupWriter {
 public:
  static arrow::Result<std::unique_ptr<GroupWriter>> Open(const GroupPlan& plan,
                                                          const WriterOptions& options,
                                                          FileStore& store,
                                                          WriterCounters* counters);
  ~PageGroupWriter() override;

  arrow::Status Accept(const arrow::RecordBatch& batch, WriteTasks* tasks) override;
  int64_t unwritten_bytes() const override;
  arrow::Status Flush(WriteTasks* tasks) override;
  arrow::Status Keep() override;
  arrow::Result<GroupResult> Finish(const GroupFieldIds& field_ids,
                                    const WriterOptions& options) override;
  arrow::Status Publish() override;
  arrow::Status Unpublish() override;

 private:
  PageGroupWriter(const GroupPlan& plan, const WriterOptions& options, WriterCounters* counters);

  arrow::Status Start(const WriterOptions& options, FileStore& store);
  void MakeEncoders();
  /// The incoming rows up to `end` join the open row group, which they fill if `closing`.
  arrow::Status TakeRows(int64_t end, bool closing, WriteTasks* tasks);
  arrow::Status TakeColumn(size_t column, int64_t end, bool closing, std::vector<EncodeJob>* jobs);
  WriteTask MakeTask(size_t column, EncodeJob job);
  void CloseRowGroup(WriteTasks* tasks);
  void CountBuffered();

  const GroupPlan& plan_;
  CancelToken cancel_;
  const int concurrency_;
  const bool tries_;  ///< columns are encoded for trial
  WriterCounters* counters_;

  GroupFile file_;
  std::unique_ptr<ChunkFile> chunks_;
  std::unique_ptr<PartSequence> sequence_;
  PropertiesByEncoding properties_;
  std::vector<ColumnEncoder> encoders_;  ///< in column order

  std::optional<IncomingRows> incoming_;
  int64_t open_rows_ = 0;  ///< of the open row group
  int64_t open_bits_ = 0;
  int64_t buffered_bytes_ = 0;  ///< this group's share of the counter
};

}  // namespace packed
