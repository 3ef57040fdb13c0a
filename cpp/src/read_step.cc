#include "read_step.h"

#include <utility>

#include "catch.h"
#include "packed/executor.h"

namespace packed {

ReadStep::ReadStep(std::shared_ptr<RowGroupStream> stream, int64_t rows, int64_t estimated_bytes,
                   CancelToken cancel)
    : stream_(std::move(stream)),
      rows_(rows),
      cancel_(std::move(cancel)),
      bytes_(estimated_bytes) {}

arrow::Status ReadStep::Decode() {
  ARROW_RETURN_NOT_OK(cancel_.Check());
  ARROW_ASSIGN_OR_RAISE(DecodedRows decoded, stream_->Read(rows_, &board_));
  batches_ = std::move(decoded.batches);
  bytes_.store(decoded.bytes, std::memory_order_release);
  return arrow::Status::OK();
}

void ReadStep::Run() {
  status_ = CatchAll([this] { return Decode(); });
  board_.End();
}

void ReadStep::RunIfUnclaimed() {
  if (Claim()) Run();
}

void ReadStep::Abandon() {
  if (!Claim()) board_.Wait();
  // The pool may keep the step for a while yet; the file and the rows go now.
  stream_.reset();
  batches_.clear();
}

arrow::Result<arrow::RecordBatchVector> ReadStep::Take() {
  if (Claim()) {
    Run();
  } else {
    board_.HelpUntilEnded();
  }
  // The pool may hold a step that the consumer ran, until a thread comes round to it: the
  // decoders must not wait for that.
  stream_.reset();
  ARROW_RETURN_NOT_OK(status_);
  return std::move(batches_);
}

void StartAhead(const std::shared_ptr<ReadStep>& step) {
  if (!step) return;
  step->stream()->WhenReadable(
      [step] { Executor::Shared().Spawn([step] { step->RunIfUnclaimed(); }); });
}

}  // namespace packed
