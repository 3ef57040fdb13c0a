#include "packed/writer.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "batch_check.h"
#include "catch.h"
#include "group_writer.h"
#include "packed/error.h"
#include "packed/executor.h"
#include "write_plan.h"

namespace packed {

using arrow::Result;
using arrow::Status;

namespace {

constexpr int64_t kDefaultBufferBytes = int64_t{32} << 20;
/// A group may always keep an ordinary row group's worth of rows, however small the buffer is.
constexpr int64_t kLeastGroupBytes = int64_t{1} << 20;

int64_t UnwrittenBound(const WriterOptions& options, size_t groups) {
  const int64_t buffer = options.buffer_bytes == 0 ? kDefaultBufferBytes : options.buffer_bytes;
  const int64_t least =
      static_cast<int64_t>(groups) * std::min(options.row_group_bytes, kLeastGroupBytes);
  return std::max(buffer, least);
}

}  // namespace

class PackedWriter::Impl {
 public:
  Impl(WritePlan plan, WriterOptions options)
      : plan_(std::move(plan)), options_(std::move(options)) {}

  Status OpenGroups(FileStore& store) {
    for (const auto& group : plan_.groups) {
      ARROW_ASSIGN_OR_RAISE(auto writer, GroupWriter::Open(group, options_, store, &counters_));
      groups_.push_back(std::move(writer));
    }
    options_.encryption.reset();  // wipes the key: every file has its own now
    return Status::OK();
  }

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) {
    ARROW_RETURN_NOT_OK(CheckOpen());
    if (options_.cancel.cancelled()) return Fail(options_.cancel.Check());
    if (batch == nullptr) return Status::OK();
    ARROW_RETURN_NOT_OK(CatchAll([&] { return CheckBatch(plan_, *batch); }));
    if (batch->num_rows() == 0) return Status::OK();
    ARROW_RETURN_NOT_OK(Fail(Take(*batch)));
    counters_.rows.fetch_add(batch->num_rows(), std::memory_order_relaxed);
    return Status::OK();
  }

  Result<std::vector<GroupResult>> Finish() {
    ARROW_RETURN_NOT_OK(CheckOpen());
    std::vector<GroupResult> results(groups_.size());
    ARROW_RETURN_NOT_OK(Fail(ForEachGroup([&](int i) -> Status {
      return groups_[i]->Finish(plan_.field_ids, options_).Value(&results[i]);
    })));
    ARROW_RETURN_NOT_OK(Fail(PublishAll()));
    Close("it is finished");
    return results;
  }

  void Abort() noexcept {
    if (open_) Close("it was aborted");
  }

  WriterProgress progress() const {
    return {counters_.rows.load(std::memory_order_relaxed),
            counters_.bytes_in.load(std::memory_order_relaxed),
            counters_.bytes_out.load(std::memory_order_relaxed),
            counters_.buffered_bytes.load(std::memory_order_relaxed),
            counters_.row_groups.load(std::memory_order_relaxed)};
  }

  const std::shared_ptr<arrow::Schema>& schema() const { return plan_.schema; }

 private:
  Status CheckOpen() const {
    if (open_) return Status::OK();
    return MakeError(ErrorCode::kClosed,
                     std::string("Expected an open writer but ") + closed_because_);
  }

  Status ForEachGroup(const std::function<Status(int)>& task) {
    return ParallelFor(static_cast<int>(groups_.size()), options_.concurrency,
                       [&](int i) { return CatchAll([&] { return task(i); }); });
  }

  Status Take(const arrow::RecordBatch& batch) {
    ARROW_RETURN_NOT_OK(ForEachGroup([&](int i) { return groups_[i]->Accept(batch); }));
    const auto flush = ChooseFlushes();
    return ForEachGroup([&](int i) { return groups_[i]->Settle(flush[i]); });
  }

  /// Largest groups first until the others fit. Decided between the parallel steps, so that
  /// the files do not depend on the number of threads.
  std::vector<bool> ChooseFlushes() const {
    std::vector<int64_t> bytes;
    int64_t total = 0;
    for (const auto& group : groups_) {
      bytes.push_back(group->unwritten_bytes());
      total += bytes.back();
    }
    std::vector<bool> flush(groups_.size(), false);
    const int64_t bound = UnwrittenBound(options_, groups_.size());
    while (total > bound) {
      const auto largest = std::max_element(bytes.begin(), bytes.end());
      flush[std::distance(bytes.begin(), largest)] = true;
      total -= *largest;
      *largest = 0;
    }
    return flush;
  }

  Status PublishAll() {
    for (size_t i = 0; i < groups_.size(); ++i) {
      Status status = options_.cancel.Check();
      if (status.ok()) status = groups_[i]->Publish();
      if (status.ok()) continue;
      // What cannot be taken back is left to its owner; the first failure is the one to report.
      while (i > 0) static_cast<void>(groups_[--i]->Unpublish());
      return status;
    }
    return Status::OK();
  }

  /// After a failure nothing of the writer's work stays behind.
  Status Fail(const Status& status) {
    if (!status.ok()) Close("an earlier call failed");
    return status;
  }

  void Close(const char* because) noexcept {
    open_ = false;
    closed_because_ = because;
    groups_.clear();
  }

  const WritePlan plan_;
  WriterOptions options_;
  WriterCounters counters_;
  std::vector<std::unique_ptr<GroupWriter>> groups_;
  bool open_ = true;
  const char* closed_because_ = "";
};

PackedWriter::PackedWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

PackedWriter::~PackedWriter() = default;

Result<std::unique_ptr<PackedWriter>> PackedWriter::Open(std::shared_ptr<arrow::Schema> schema,
                                                         std::vector<ColumnGroup> groups,
                                                         WriterOptions options,
                                                         std::shared_ptr<FileStore> store) {
  return CatchAll([&]() -> Result<std::unique_ptr<PackedWriter>> {
    if (store == nullptr) {
      return MakeError(ErrorCode::kInvalidArgument, "Expected a file store but received null");
    }
    ARROW_ASSIGN_OR_RAISE(auto plan, MakeWritePlan(schema, groups, options));
    ARROW_RETURN_NOT_OK(options.cancel.Check());
    auto impl = std::make_unique<Impl>(std::move(plan), std::move(options));
    ARROW_RETURN_NOT_OK(impl->OpenGroups(*store));
    return std::unique_ptr<PackedWriter>(new PackedWriter(std::move(impl)));
  });
}

Status PackedWriter::Write(const std::shared_ptr<arrow::RecordBatch>& batch) {
  return impl_->Write(batch);
}

Result<std::vector<GroupResult>> PackedWriter::Finish() { return impl_->Finish(); }

void PackedWriter::Abort() noexcept { impl_->Abort(); }

WriterProgress PackedWriter::progress() const { return impl_->progress(); }

const std::shared_ptr<arrow::Schema>& PackedWriter::schema() const { return impl_->schema(); }

}  // namespace packed
