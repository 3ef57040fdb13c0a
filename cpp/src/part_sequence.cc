#include "part_sequence.h"

#include <utility>

#include "catch.h"
#include "packed/memory.h"

namespace packed {

using arrow::Result;
using arrow::Status;

PartSequence::PartSequence(ChunkFile* file, std::vector<int64_t> alignments,
                           std::atomic<int64_t>* row_groups)
    : file_(file), alignments_(std::move(alignments)), row_groups_written_(row_groups) {}

PartSequence::Slot* PartSequence::Add(size_t column) {
  const std::lock_guard lock(mutex_);
  if (row_groups_.empty() || row_groups_.back().closed) {
    row_groups_.emplace_back().columns.resize(alignments_.size());
  }
  return &row_groups_.back().columns[column].emplace_back();
}

void PartSequence::CloseRowGroup(int64_t rows) {
  const std::lock_guard lock(mutex_);
  row_groups_.back().rows = rows;
  row_groups_.back().closed = true;
}

Status PartSequence::Deliver(Slot* slot, ColumnPart part) {
  {
    const std::lock_guard lock(mutex_);
    slot->part = std::move(part);
    slot->ready = true;
  }
  return Advance();
}

Status PartSequence::Keep() {
  for (auto& row_group : row_groups_) {
    for (auto& slots : row_group.columns) {
      for (auto& slot : slots) {
        auto* page = std::get_if<EncodedPage>(&slot.part);
        if (page == nullptr || !page->borrows) continue;
        ARROW_ASSIGN_OR_RAISE(auto copy, arrow::ConcatenateBuffers(page->body, Pool()));
        page->body = {std::move(copy)};
        page->borrows = false;
      }
    }
  }
  return Status::OK();
}

Status PartSequence::Advance() {
  std::unique_lock lock(mutex_);
  if (writing_) return Status::OK();
  writing_ = true;
  bool more = true;
  Status status;
  while (more && status.ok()) status = WriteNext(&lock).Value(&more);
  // After a failure nobody writes any more: the file has a hole.
  if (status.ok()) writing_ = false;
  return status;
}

Result<bool> PartSequence::WriteNext(std::unique_lock<std::mutex>* lock) {
  if (row_groups_.empty()) return false;
  RowGroup& row_group = row_groups_.front();
  std::function<Status()> write;
  if (column_ == row_group.columns.size()) {
    const int64_t rows = row_group.rows;
    row_groups_.pop_front();
    write = [this, rows] { return EndRowGroup(rows); };
  } else if (auto& slots = row_group.columns[column_]; !slots.empty()) {
    if (!slots.front().ready) return false;
    write = [this, part = std::move(slots.front().part)] { return WritePart(part); };
    slots.pop_front();
  } else {
    if (!row_group.closed) return false;
    write = [this] { return EndColumn(); };
  }
  lock->unlock();
  Status status = CatchAll(write);
  write = nullptr;  // frees what is written
  lock->lock();
  ARROW_RETURN_NOT_OK(status);
  return true;
}

Status PartSequence::WritePart(const ColumnPart& part) {
  if (const auto* page = std::get_if<EncodedPage>(&part)) {
    pages_ = true;
    return file_->WritePage(*page, alignments_[column_]);
  }
  for (const auto& chunk : std::get<std::vector<LiftedChunk>>(part)) {
    ARROW_RETURN_NOT_OK(file_->WriteLifted(chunk));
  }
  return Status::OK();
}

Status PartSequence::EndColumn() {
  ++column_;
  return std::exchange(pages_, false) ? file_->EndChunk() : Status::OK();
}

Status PartSequence::EndRowGroup(int64_t rows) {
  column_ = 0;
  row_groups_written_->fetch_add(1, std::memory_order_relaxed);
  return file_->EndRowGroup(rows);
}

}  // namespace packed
