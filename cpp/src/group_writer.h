#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"

#include "packed/format.h"
#include "packed/storage.h"
#include "packed/writer.h"
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

/// Encodes a part of a file and writes what is next in it. Any thread, in any order.
struct WriteTask {
  int64_t cost;          ///< as that of an EncodeJob
  int64_t output_bytes;  ///< that the file gets of it, about; one thread at a time writes a file
  std::function<arrow::Status()> run;
  bool ends_row_group = false;  ///< those behind it are of the next one
};

using WriteTasks = std::vector<WriteTask>;

/// \brief One column group and its file.
///
/// A batch is taken in steps, so that the writer can look at all groups in between and has the
/// tasks of all of them to spread over threads: Accept, run its tasks, Settle, run its tasks, Keep.
/// Between the tasks, one thread at a time, not always the same. Destroying it drops rows and file,
/// unless that is published.
class GroupWriter {
 public:
  /// `plan` and `counters` must outlive the writer.
  static arrow::Result<std::unique_ptr<GroupWriter>> Open(const GroupPlan& plan,
                                                          const WriterOptions& options,
                                                          FileStore& store,
                                                          WriterCounters* counters);
  virtual ~GroupWriter() = default;

  /// \brief Size the group's columns of a checked batch and write the row groups they fill.
  ///
  /// Borrows the batch until Keep.
  virtual arrow::Status Accept(const arrow::RecordBatch& batch, WriteTasks* tasks) = 0;

  /// Decoded bytes that are not in a row group yet and would be kept: pending ones and the rest of
  /// the batch.
  virtual int64_t unwritten_bytes() const = 0;

  /// \brief Write the row group that is open, with the rest of the batch, though it is not full.
  virtual arrow::Status Flush(WriteTasks* tasks) = 0;

  /// \brief Give the batch back: what is left of it is copied.
  virtual arrow::Status Keep() = 0;

  /// \brief Write the footer and seal the file; everything is flushed.
  virtual arrow::Result<GroupResult> Finish(const GroupFieldIds& field_ids,
                                            const WriterOptions& options) = 0;

  virtual arrow::Status Publish() = 0;
  virtual arrow::Status Unpublish() = 0;
};

}  // namespace packed
