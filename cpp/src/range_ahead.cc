#include "range_ahead.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "arrow/buffer.h"

#include "catch.h"
#include "io_pool.h"
#include "packed/error.h"
#include "packed/executor.h"
#include "range_parts.h"
#include "range_schedule.h"

namespace packed {
namespace {

/// A cancel token wakes nobody who waits.
constexpr std::chrono::milliseconds kCancelInterval{50};

}  // namespace

/// Requests on their way hold a share, so that whoever closes the reader need not wait for them.
class RangeAhead::State : public std::enable_shared_from_this<State> {
 public:
  State(int64_t budget_bytes, CancelToken cancel)
      : schedule_(std::make_unique<RangeSchedule>(budget_bytes)), cancel_(std::move(cancel)) {}

  void Add(int lane, std::shared_ptr<const FileProjection> file, std::vector<int> row_groups) {
    const std::lock_guard lock(mutex_);
    if (schedule_) schedule_->Add(lane, std::move(file), std::move(row_groups));
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(const FileProjection& file, int64_t position,
                                                     int64_t bytes) {
    ARROW_ASSIGN_OR_RAISE(auto parts, Take(file, position, bytes));
    ARROW_ASSIGN_OR_RAISE(auto content, JoinParts(parts));
    const bool copied = parts.size() > 1;
    parts.clear();
    GoOn(copied ? &content : nullptr);
    return content;
  }

  /// Straight to where the bytes are wanted: a page that lies in two requests is not copied twice.
  arrow::Result<int64_t> Read(const FileProjection& file, int64_t position, int64_t bytes,
                              uint8_t* out) {
    ARROW_ASSIGN_OR_RAISE(auto parts, Take(file, position, bytes));
    const int64_t filled = CopyParts(parts, out);
    parts.clear();
    GoOn();
    return filled;
  }

  void WhenHere(const FileProjection& file, int row_group, std::function<void()> then) {
    std::unique_lock lock(mutex_);
    if (!schedule_) return;
    auto waiter = std::make_shared<RangeBlock::Waiter>();
    const RangeBlocks blocks = schedule_->Awaited(file, row_group);
    waiter->missing = blocks.size();
    waiter->then = std::move(then);
    for (const auto& block : blocks) block->waiters.push_back(waiter);
    Request(lock, {});
    lock.unlock();
    if (blocks.empty()) waiter->then();
  }

  void Finish(const FileProjection& file, int row_group) {
    std::unique_lock lock(mutex_);
    if (!schedule_) return;
    schedule_->Finish(file, row_group);
    Request(lock, {});
  }

  void Close() noexcept {
    std::unique_ptr<RangeSchedule> dropped;  // its waiters hold decoders, whose end takes the lock
    const std::lock_guard lock(mutex_);
    dropped.swap(schedule_);
    changed_.notify_all();
  }

 private:
  using Phase = RangeBlock::Phase;

  arrow::Status CheckOpen() const {
    if (!schedule_) {
      return MakeError(ErrorCode::kClosed, "Expected an open reader but received a closed one");
    }
    return cancel_.Check();
  }

  arrow::Status WaitFor(std::unique_lock<std::mutex>& lock, const RangeBlock& block) {
    if (!block.awaited()) return arrow::Status::OK();
    const Executor::Waiting waiting;
    while (block.awaited()) {
      changed_.wait_for(lock, kCancelInterval);
      ARROW_RETURN_NOT_OK(CheckOpen());
    }
    return arrow::Status::OK();
  }

  /// The bytes, once they are here; they count in the budget until the parts are given back.
  arrow::Result<RangeParts> Take(const FileProjection& file, int64_t position, int64_t bytes) {
    std::unique_lock lock(mutex_);
    RangeBlocks blocks;
    do {
      ARROW_RETURN_NOT_OK(CheckOpen());
      blocks = schedule_->Cover(file, position, bytes);
      if (blocks.empty()) return TakeUnplanned(std::move(lock), file, position, bytes);
      RangeBlocks begun;
      for (const auto& block : blocks) {
        if (block->phase != Phase::kPlanned) continue;
        schedule_->Begin(block.get());
        begun.push_back(block);
      }
      Request(lock, std::move(begun));
      for (const auto& block : blocks) {
        ARROW_RETURN_NOT_OK(WaitFor(lock, *block));
      }
      // Somebody may have read the same bytes meanwhile, and for the last time.
    } while (std::any_of(blocks.begin(), blocks.end(),
                         [](const auto& block) { return block->phase == Phase::kGone; }));
    RangeParts parts;
    for (const auto& block : blocks) {
      ARROW_RETURN_NOT_OK(block->content.status());
      const int64_t first = std::max(position, block->offset);
      const int64_t last = std::min(position + bytes, block->end());
      parts.push_back({*block->content, first - block->offset, last - first});
    }
    for (size_t i = 0; i < blocks.size(); ++i) {
      schedule_->Consume(blocks[i].get(), parts[i].bytes);
    }
    return parts;
  }

  /// Asks for what the budget has room for, now that parts were given back. What was `copied` out
  /// of several takes their room until it is given back, too.
  void GoOn(std::shared_ptr<arrow::Buffer>* copied = nullptr) {
    std::unique_lock lock(mutex_);
    if (!schedule_) return;
    if (copied != nullptr) *copied = schedule_->Hold(std::move(*copied));
    Request(lock, {});
  }

  /// Sends `blocks`, and what the budget has room for behind them. Leaves the lock for that: a
  /// pool without threads runs a request where it is made.
  void Request(std::unique_lock<std::mutex>& lock, RangeBlocks blocks) {
    if (!schedule_ || cancel_.cancelled()) return;
    const RangeBlocks ahead = schedule_->BeginAhead();
    blocks.insert(blocks.end(), ahead.begin(), ahead.end());
    if (blocks.empty()) return;
    lock.unlock();
    for (auto& block : blocks) {
      IoPool::Shared().Spawn(
          [state = shared_from_this(), block = std::move(block)] { state->Fetch(block); });
    }
    lock.lock();
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadNow(const RangeBlock& block) {
    {
      const std::lock_guard lock(mutex_);
      ARROW_RETURN_NOT_OK(CheckOpen());
    }
    return CatchAll([&] { return block.file->file()->ReadAt(block.offset, block.bytes); });
  }

  void Fetch(const std::shared_ptr<RangeBlock>& block) {
    auto content = ReadNow(*block);
    std::vector<std::function<void()>> calls;
    {
      std::unique_lock lock(mutex_);
      if (!schedule_) return;
      calls = schedule_->End(block.get(), std::move(content));
      changed_.notify_all();
      Request(lock, {});
    }
    for (const auto& call : calls) call();
  }

  /// A read of what no plan has. It runs as a request, too, so that Close need not wait for it.
  arrow::Result<RangeParts> TakeUnplanned(std::unique_lock<std::mutex> lock,
                                          const FileProjection& file, int64_t position,
                                          int64_t bytes) {
    auto block = std::make_shared<RangeBlock>();
    block->file = file.footer->file;
    block->offset = position;
    block->bytes = bytes;
    block->phase = Phase::kRunning;
    lock.unlock();
    IoPool::Shared().Spawn([state = shared_from_this(), block] {
      auto content = state->ReadNow(*block);
      const std::lock_guard guard(state->mutex_);
      block->content = std::move(content);
      block->phase = Phase::kHere;
      state->changed_.notify_all();
    });
    lock.lock();
    ARROW_RETURN_NOT_OK(WaitFor(lock, *block));
    ARROW_ASSIGN_OR_RAISE(auto content, block->content);
    return RangeParts{{std::move(content), 0, bytes}};
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<RangeSchedule> schedule_;  // null once closed
  const CancelToken cancel_;
};

/// Positions are those of the file. One thread at a time, as its decoder.
class RangeAhead::SourceFile final : public arrow::io::RandomAccessFile {
 public:
  SourceFile(std::shared_ptr<State> state, std::shared_ptr<const FileProjection> file,
             int row_group)
      : state_(std::move(state)),
        file_(std::move(file)),
        row_group_(row_group),
        size_(file_->footer->file->size()) {}

  ~SourceFile() override { state_->Finish(*file_, row_group_); }

  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(bytes, Clip(position, bytes));
    if (bytes == 0) return std::make_shared<arrow::Buffer>(nullptr, 0);
    return state_->Read(*file_, position, bytes);
  }

  arrow::Result<int64_t> ReadAt(int64_t position, int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(bytes, Clip(position, bytes));
    if (bytes == 0) return 0;
    return state_->Read(*file_, position, bytes, static_cast<uint8_t*>(out));
  }

  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(auto content, ReadAt(position_, bytes));
    position_ += content->size();
    return content;
  }

  arrow::Result<int64_t> Read(int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t read, ReadAt(position_, bytes, out));
    position_ += read;
    return read;
  }

  arrow::Status Seek(int64_t position) override {
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Result<int64_t> GetSize() override { return size_; }
  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }

 private:
  /// How many of the bytes the file has.
  arrow::Result<int64_t> Clip(int64_t position, int64_t bytes) const {
    if (position < 0 || position > size_ || bytes < 0) {
      return arrow::Status::IOError("Expected a position up to ", size_, " but received ",
                                    position);
    }
    return std::min(bytes, size_ - position);
  }

  const std::shared_ptr<State> state_;
  const std::shared_ptr<const FileProjection> file_;
  const int row_group_;
  const int64_t size_;
  int64_t position_ = 0;
  bool closed_ = false;
};

RangeAhead::RangeAhead(int64_t budget_bytes, CancelToken cancel)
    : state_(std::make_shared<State>(budget_bytes, std::move(cancel))) {}

RangeAhead::~RangeAhead() { Close(); }

void RangeAhead::Add(int lane, std::shared_ptr<const FileProjection> file,
                     std::vector<int> row_groups) {
  state_->Add(lane, std::move(file), std::move(row_groups));
}

std::shared_ptr<arrow::io::RandomAccessFile> RangeAhead::Source(
    const std::shared_ptr<const FileProjection>& file, int row_group) {
  return std::make_shared<SourceFile>(state_, file, row_group);
}

void RangeAhead::WhenHere(const FileProjection& file, int row_group, std::function<void()> then) {
  state_->WhenHere(file, row_group, std::move(then));
}

void RangeAhead::Close() noexcept { state_->Close(); }

}  // namespace packed
