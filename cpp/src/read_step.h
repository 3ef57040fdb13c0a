#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "arrow/record_batch.h"
#include "arrow/result.h"

#include "loop_board.h"
#include "packed/cancel.h"
#include "row_group_stream.h"

namespace packed {

/// \brief Some rows of one row group that one thread decodes: a thread of the pool ahead of
/// time, or the caller of ReadNext who needs them now, whoever claims the step first.
///
/// A step waits for nobody but the requests that it needs, so whoever waits for a running step
/// waits for a running thread.
class ReadStep {
 public:
  ReadStep(std::shared_ptr<RowGroupStream> stream, int64_t rows, int64_t estimated_bytes,
           CancelToken cancel);

  /// \brief Decode here and now unless somebody has claimed the step. Any thread.
  void RunIfUnclaimed();

  /// \brief Give up an unclaimed step, or wait for the thread that runs it. Any thread.
  void Abandon();

  /// \brief Run the step or help the thread that does, and take the result. Consumer only.
  arrow::Result<arrow::RecordBatchVector> Take();

  bool done() const { return board_.ended(); }
  int64_t rows() const { return rows_; }
  /// Decoded bytes: estimated until the step is done, counted after.
  int64_t bytes() const { return bytes_.load(std::memory_order_acquire); }
  const std::shared_ptr<RowGroupStream>& stream() const { return stream_; }

 private:
  bool Claim() { return !claimed_.exchange(true, std::memory_order_acq_rel); }
  void Run();
  arrow::Status Decode();

  std::shared_ptr<RowGroupStream> stream_;
  const int64_t rows_;
  const CancelToken cancel_;
  std::atomic<bool> claimed_{false};
  std::atomic<int64_t> bytes_;
  LoopBoard board_;
  arrow::Status status_;  ///< with batches_ the thread's that runs the step, until it is done
  arrow::RecordBatchVector batches_;
};

/// \brief Have a thread of the pool decode `step`, as soon as the bytes are here, unless its
/// consumer comes first; a null step is a no-op.
void StartAhead(const std::shared_ptr<ReadStep>& step);

}  // namespace packed
