#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "arrow/status.h"

#include "chunk_file.h"
#include "column_encoder.h"

namespace packed {

/// \brief Puts what jobs make of a file's columns into the file, in file order.
///
/// Slots are added between the jobs, by one thread at a time. Jobs deliver in any order on any
/// thread: the one that delivers what the file is waiting for writes it, and whatever else is ready
/// by then, while the others go on to their next job.
class PartSequence {
 public:
  struct Slot {
    bool ready = false;
    ColumnPart part;
  };

  /// `alignments` are those of the columns' page bodies, in column order; `row_groups` counts what
  /// is written whole.
  PartSequence(ChunkFile* file, std::vector<int64_t> alignments, std::atomic<int64_t>* row_groups);

  /// A slot behind those that the column has in the open row group. Valid until it is written.
  Slot* Add(size_t column);

  /// \brief No more slots in the open row group, which has so many rows.
  void CloseRowGroup(int64_t rows);

  arrow::Status Deliver(Slot* slot, ColumnPart part);

  /// \brief Copy the pages that wait in memory of the caller's: a page of a later column does so
  /// until the row group's earlier columns are whole. Between the jobs.
  arrow::Status Keep();

  /// \brief Write what is ready; a no-op while another thread does.
  arrow::Status Advance();

 private:
  struct RowGroup {
    std::vector<std::deque<Slot>> columns;
    int64_t rows = 0;
    bool closed = false;
  };

  /// Writes one thing, with the mutex released; false when nothing is ready.
  arrow::Result<bool> WriteNext(std::unique_lock<std::mutex>* lock);
  arrow::Status WritePart(const ColumnPart& part);
  arrow::Status EndColumn();
  arrow::Status EndRowGroup(int64_t rows);

  ChunkFile* const file_;
  const std::vector<int64_t> alignments_;
  std::atomic<int64_t>* const row_groups_written_;

  std::mutex mutex_;
  std::deque<RowGroup> row_groups_;  ///< from the one that is being written to the open one
  bool writing_ = false;

  // Where the file is. Only of the thread that writes.
  size_t column_ = 0;
  bool pages_ = false;  ///< the chunk at hand is made of pages
};

}  // namespace packed
