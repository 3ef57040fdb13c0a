#include "open_reader.h"

#include "lend_batch.h"

namespace packed::binding {
namespace {

/// A turn of the pool costs what laying out a narrow batch does: shared by so many, it is little.
constexpr size_t kMostPrepared = 8;

}  // namespace

arrow::Result<std::optional<OutgoingBatch>> OpenReader::Next() {
  const std::lock_guard lock(reading);
  if (auto prepared = Pop()) return std::move(prepared->outgoing);
  ARROW_ASSIGN_OR_RAISE(const auto batch, source->ReadNext());
  return LayOutNext(batch);
}

std::optional<OutgoingBatch> OpenReader::TakePrepared() {
  const std::lock_guard lock(queue_);
  // Failures are the pool's to tell, that it was cancelled too.
  if (prepared_.empty() || !prepared_.front().outgoing.ok() || cancel.cancelled()) {
    return std::nullopt;
  }
  auto outgoing = std::move(prepared_.front().outgoing).MoveValueUnsafe();
  prepared_.pop_front();
  return outgoing;
}

bool OpenReader::FewPrepared() {
  const std::lock_guard lock(queue_);
  return prepared_.size() <= kMostPrepared / 2;
}

void OpenReader::Prepare() {
  while (PrepareOne()) {
  }
}

/// False when there is no more to prepare now. A source that fails does so again at the call that
/// would have had the batch.
bool OpenReader::PrepareOne() {
  const std::lock_guard lock(reading);
  if (cancel.cancelled() || !source->Ready()) return false;
  auto batch = source->ReadNext();
  if (!batch.ok() || *batch == nullptr) return false;
  Prepared prepared{*batch, LayOutNext(*batch)};
  const std::lock_guard queue(queue_);
  prepared_.push_back(std::move(prepared));
  return prepared_.size() < kMostPrepared;
}

/// Nothing once it is cancelled: the source says so then.
std::optional<OpenReader::Prepared> OpenReader::Pop() {
  const std::lock_guard lock(queue_);
  if (cancel.cancelled()) prepared_.clear();
  if (prepared_.empty()) return std::nullopt;
  std::optional<Prepared> first(std::move(prepared_.front()));
  prepared_.pop_front();
  return first;
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> OpenReader::ReadNext() {
  const std::lock_guard lock(reading);
  if (auto prepared = Pop()) return std::move(prepared->batch);
  return source->ReadNext();
}

void OpenReader::Close() {
  const std::lock_guard lock(reading);
  {
    const std::lock_guard queue(queue_);
    prepared_.clear();
  }
  source->Close();
}

}  // namespace packed::binding
